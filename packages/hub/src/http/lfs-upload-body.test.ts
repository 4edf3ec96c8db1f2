import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, expect, it } from "vitest";
import { uploadBody } from "./lfs-upload-body.ts";

const servers = new Set<ReturnType<typeof createServer>>();
afterEach(() => {
  for (const server of servers) server.close();
  servers.clear();
});

async function put(
  body: Buffer<ArrayBuffer>,
  read: (pieces: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const outcome = await read(uploadBody(request, response, body.length, 10_000)).then(
      () => 200,
      () => 500,
    );
    response.writeHead(outcome).end();
  };
  const server = createServer((request, response) => void answer(request, response));
  servers.add(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const { status } = await fetch(`http://127.0.0.1:${address.port}`, { method: "PUT", body });
  expect(status).toBe(200);
}

it("yields the body, and frees each piece when the next is asked for", async () => {
  const body = randomBytes(1_000_003);
  const copies: Buffer[] = [];
  const spent: Uint8Array[] = [];
  await put(body, async (pieces) => {
    for await (const piece of pieces) {
      expect(spent.map((earlier) => earlier.length)).toEqual(spent.map(() => 0));
      copies.push(Buffer.from(piece));
      spent.push(piece);
    }
  });
  expect(Buffer.concat(copies).equals(body)).toBe(true);
  expect(spent.length).toBeGreaterThan(1);
});
