import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CheckpointFileSink } from "./checkpoint-file-sink.ts";
import { CheckpointHttpSink } from "./checkpoint-http-sink.ts";

const NOTE = (size: number): string => `hub.example/audit\n${size}\nroot\n\n— hub.example/audit c2ln\n`;

describe("a file of checkpoints", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "postern-sink-"));
    file = join(folder, "checkpoints");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is made for its owner alone, grows, and tells its newest note", async () => {
    const sink = new CheckpointFileSink("file", file, true);
    expect(await sink.newest()).toEqual([]);
    for (let size = 1; size <= 600; size += 1) await sink.send(NOTE(size));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).size, "more than is read from its end").toBeGreaterThan(0);
    expect((await sink.newest())[0]).toBe(NOTE(600));
    expect(readFileSync(file, "utf8").startsWith(`${NOTE(1)}\n${NOTE(2)}\n`)).toBe(true);
  });

  it("goes on behind what a crash cut off", async () => {
    await new CheckpointFileSink("file", file, true).send(NOTE(1));
    appendFileSync(file, NOTE(2).slice(0, 22));
    const sink = new CheckpointFileSink("file", file, true);
    expect(await sink.newest()).toEqual([NOTE(1)]);
    await sink.send(NOTE(3));
    expect(await sink.newest()).toEqual([NOTE(3), NOTE(1)]);
  });

  it("is made again where it was taken away, and fails where its folder was", async () => {
    const sink = new CheckpointFileSink("file", file, true);
    await sink.send(NOTE(1));
    rmSync(file);
    await sink.send(NOTE(2));
    expect(readFileSync(file, "utf8")).toBe(`${NOTE(2)}\n`);
    await expect(new CheckpointFileSink("file", join(folder, "gone", "file"), true).send(NOTE(3))).rejects.toThrow(
      "ENOENT",
    );
  });
});

describe("a URL that takes checkpoints", () => {
  let server: Server;
  const listening = async (listener: RequestListener): Promise<string> => {
    server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/`;
  };
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("gets the note as it is", async () => {
    let got = "";
    const url = await listening(async (request, response) => {
      got = `${request.method} ${request.headers["content-type"]} ${(await request.setEncoding("utf8").toArray()).join("")}`;
      response.writeHead(204).end();
    });
    await new CheckpointHttpSink(url, fetch).send(NOTE(1), AbortSignal.timeout(5000));
    expect(got).toBe(`POST text/plain; charset=utf-8 ${NOTE(1)}`);
  });

  it("fails with a redirect, which is not followed, and with any answer but success", async () => {
    const asked: (string | undefined)[] = [];
    const url = await listening((request, response) => {
      asked.push(request.url);
      response.writeHead(request.url === "/" ? 307 : 404, { location: "/elsewhere" }).end();
    });
    await expect(new CheckpointHttpSink(url, fetch).send(NOTE(1), AbortSignal.timeout(5000))).rejects.toThrow();
    expect(asked).toEqual(["/"]);
    await expect(new CheckpointHttpSink(`${url}x`, fetch).send(NOTE(1), AbortSignal.timeout(5000))).rejects.toThrow(
      "404",
    );
  });

  it("fails when its time is over", async () => {
    const url = await listening(() => undefined);
    await expect(new CheckpointHttpSink(url, fetch).send(NOTE(1), AbortSignal.timeout(50))).rejects.toThrow("timeout");
  });
});
