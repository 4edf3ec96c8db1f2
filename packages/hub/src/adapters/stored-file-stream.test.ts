import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { StoredFileStream } from "./stored-file-stream.ts";

const SIZE = 5 * 1024 * 1024 + 12_345;
const content = randomBytes(SIZE);
const folder = mkdtempSync(join(tmpdir(), "postern-stream-"));
const path = join(folder, "object");
const closed: StoredFileStream[] = [];
let server: Server;
/** Runs when the first piece is under way. */
let meddle = (): void => undefined;

beforeAll(async () => {
  writeFileSync(path, content);
  server = createServer(async (request, response) => {
    const [start = 0, end = SIZE - 1] = (request.url ?? "").slice(1).split("-").map(Number);
    const stream = new StoredFileStream(await open(path), start, end);
    stream.once("close", () => closed.push(stream));
    response.setHeader("content-length", end - start + 1);
    stream.once("error", () => response.destroy());
    response.once("close", () => stream.destroy());
    stream.pipe(response);
    meddle();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(range: string): Promise<IncomingMessage> {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const [response] = await once(get({ host: "127.0.0.1", port: address.port, path: `/${range}` }), "response");
  return response;
}
const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("a stored file that is piped into a response", () => {
  it.each([
    ["whole", 0, SIZE - 1],
    ["in a part", 300_000, 2_000_001],
    ["one byte of it", 7, 7],
  ])("arrives byte for byte, %s, however slowly it is read", async (_what, start, end) => {
    const response = await ask(`${start}-${end}`);
    const hash = createHash("sha256");
    let pieces = 0;
    for await (const piece of response) {
      hash.update(piece);
      if (pieces++ % 16 === 0) await setTimeout(5);
    }
    expect(hash.digest("hex")).toBe(digestOf(content.subarray(start, end + 1)));
    await vi.waitUntil(() => closed.length > 0);
    expect(closed.pop()?.destroyed).toBe(true);
  });

  it("arrives whole to many at once", async () => {
    const digests = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const hash = createHash("sha256");
        for await (const piece of await ask(`0-${SIZE - 1}`)) hash.update(piece);
        return hash.digest("hex");
      }),
    );
    expect(new Set(digests)).toEqual(new Set([digestOf(content)]));
    await vi.waitUntil(() => closed.length === 8);
    closed.length = 0;
  });

  it("closes the file when the reader goes away", async () => {
    const response = await ask(`0-${SIZE - 1}`);
    await once(response, "readable");
    response.destroy();
    await vi.waitUntil(() => closed.length === 1);
    closed.length = 0;
  });

  it("cuts the connection when the file turns out short", async () => {
    meddle = () => truncateSync(path, 1_000_000);
    const response = await ask(`0-${SIZE - 1}`);
    const read = (async () => {
      for await (const _piece of response) {
        // Read to its end.
      }
    })();
    await expect(read).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});

describe("a stored file that is read otherwise", () => {
  it("gives pieces that stay what they are", async () => {
    writeFileSync(path, content);
    const pieces: Buffer[] = [];
    for await (const piece of new StoredFileStream(await open(path), 0, SIZE - 1)) pieces.push(piece);
    expect(digestOf(Buffer.concat(pieces))).toBe(digestOf(content));
  });
});
