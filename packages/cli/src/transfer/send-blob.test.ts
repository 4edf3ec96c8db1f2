import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { sendBlob } from "./send-blob.ts";

const MEGABYTE = 1_000_000;

/** Content that is made while it is read, and says how much was. */
class MadeContent extends Blob {
  readonly #size: number;
  read = 0;

  constructor(size: number) {
    super();
    this.#size = size;
  }

  override get size(): number {
    return this.#size;
  }

  override stream(): ReturnType<Blob["stream"]> {
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(Math.min(MEGABYTE, this.#size - this.read)));
        this.read += MEGABYTE;
        if (this.read >= this.#size) controller.close();
      },
    });
  }
}

async function withServer(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  use: (url: URL) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => void handle(request, response));
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  try {
    await use(new URL(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/x`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it("does not read ahead of a server that reads nothing", async () => {
  const content = new MadeContent(200 * MEGABYTE);
  let readWhileBlocked = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // The longer this takes, the more a sender without restraint would have read; a slow machine can only help us.
    await wait(300);
    readWhileBlocked = content.read;
    request.resume();
    request.once("end", () => response.writeHead(200, { etag: '"e"' }).end("done"));
  };
  await withServer(handle, async (url) => {
    let counted = 0;
    const answer = await sendBlob({
      url,
      method: "PUT",
      headers: new Headers({ "x-request-id": "r1" }),
      content,
      signal: undefined,
      onBytes: (count) => {
        counted += count;
      },
    });
    expect(readWhileBlocked).toBeLessThan(50 * MEGABYTE);
    expect([answer.status, answer.headers.get("etag"), await answer.text()]).toEqual([200, '"e"', "done"]);
    expect(counted).toBe(200 * MEGABYTE);
  });
});

it("gives the server's refusal, with its headers", async () => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.resume();
    response.writeHead(507, { "x-request-id": "r9", "content-type": "application/json" }).end('{"error":"full"}');
  };
  await withServer(handle, async (url) => {
    const content = new Blob(["hello"]);
    const answer = await sendBlob({
      url,
      method: "PUT",
      headers: new Headers(),
      content,
      signal: undefined,
      onBytes: () => {},
    });
    expect([answer.status, answer.headers.get("x-request-id"), await answer.json()]).toEqual([
      507,
      "r9",
      { error: "full" },
    ]);
  });
});

it("stops when it is told to", async () => {
  const stop = new AbortController();
  const handle = async (): Promise<void> => stop.abort(new Error("stopped by SIGINT"));
  await withServer(handle, async (url) => {
    const content = new MadeContent(200 * MEGABYTE);
    const request = { url, method: "PUT", headers: new Headers(), content, signal: stop.signal, onBytes: () => {} };
    await expect(sendBlob(request)).rejects.toThrow("stopped by SIGINT");
  });
});
