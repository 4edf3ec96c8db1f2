import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type BodyPace, watchBodyPace } from "./body-pace.ts";

const MEBIBYTE = 1024 * 1024;
const PACE: BodyPace = { graceMs: 40, bytesPerSecond: 1000 * MEBIBYTE, checkEveryMs: 10 };

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function serve(pace: BodyPace, handler: RequestListener): Promise<{ server: Server; open: () => Socket }> {
  const server = createServer(handler);
  const stop = watchBodyPace(server, pace);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  ends.push(
    stop,
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return { server, open: () => connect(port, "127.0.0.1") };
}

const readAll: RequestListener = (request, response) => {
  text(request).then(
    (body) => response.end(`read ${body.length}`),
    () => undefined,
  );
};

describe("a body", () => {
  it.each([
    ["whose length is announced", "content-length: 1000000", (piece: string) => piece],
    ["in chunks", "transfer-encoding: chunked", (piece: string) => `${piece.length.toString(16)}\r\n${piece}\r\n`],
  ])("%s that comes byte by byte is ended, however steadily it comes", async (_what, header, written) => {
    const { open } = await serve(PACE, readAll);
    const socket = open();
    socket.on("error", () => undefined);
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${header}\r\n\r\n`);
    const dripping = setInterval(() => socket.write(written("x")), 5);
    const answer = await text(socket).finally(() => clearInterval(dripping));
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("that stops after a good start is ended", async () => {
    const { open } = await serve(PACE, readAll);
    const socket = open();
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n${"x".repeat(500_000)}`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("that comes slowly, and fast enough, may take longer than the grace", async () => {
    const { open } = await serve({ ...PACE, bytesPerSecond: 1 }, readAll);
    const socket = open();
    socket.write("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 20\r\n\r\n");
    for (let piece = 0; piece < 20; piece += 1) {
      await sleep(10);
      socket.write("x");
    }
    expect(await text(socket)).toMatch(/read 20$/);
  });

  it("that waits for the server is not the client's fault", async () => {
    const { open } = await serve(PACE, (request, response) => {
      sleep(10 * PACE.graceMs).then(() => readAll(request, response));
    });
    const socket = open();
    const size = 4 * MEBIBYTE;
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${size}\r\n\r\n`);
    socket.write("x".repeat(size));
    expect(await text(socket)).toMatch(new RegExp(`read ${size}$`));
  });

  it("that is whole is no business of the pace, however long the answer takes", async () => {
    const { open } = await serve(PACE, (request, response) => {
      text(request).then(() => sleep(5 * PACE.graceMs).then(() => response.end("late")));
    });
    const socket = open();
    socket.write("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx");
    expect(await text(socket)).toMatch(/late$/);
  });

  it("behind an answer that has begun is cut without a second answer", async () => {
    const { open } = await serve(PACE, (_request, response) => {
      response.write("begun");
    });
    const socket = open();
    socket.on("error", () => undefined);
    socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nx");
    expect(await text(socket).catch(() => "")).not.toContain("408");
    expect(socket.destroyed).toBe(true);
  });
});
