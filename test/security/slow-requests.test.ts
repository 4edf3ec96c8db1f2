import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../harness/running-hub.ts";

let hub: RunningHub;
beforeAll(async () => {
  hub = await startHub({ connections: { perAddress: 24, bodyGraceSeconds: 0, bodyBytesPerSecond: 1_000_000 } });
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

/** What a connection that sends this, and then a byte now and then, is told before it is ended. */
async function drip(beginning: string): Promise<string> {
  const socket = connect(Number(new URL(hub.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(beginning);
  const dripping = setInterval(() => socket.write("x"), 100);
  return text(socket)
    .catch(() => "reset")
    .finally(() => clearInterval(dripping));
}

describe("a slow body", () => {
  it("of a whole server is ended, and others are served meanwhile", async () => {
    const slow = ["/oauth/token", "/api/repos/create"].map((path) =>
      drip(`POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n`),
    );
    expect((await hub.call("GET", "/api/whoami-v2", { token: hub.adminToken })).status).toBe(200);
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe("connections of one address", () => {
  it("are ended above the limit of a whole server, which serves that address again afterwards", async () => {
    const sockets = Array.from({ length: 40 }, () => connect(Number(new URL(hub.url).port), "127.0.0.1"));
    const answered = await Promise.all(
      sockets.map((socket) => {
        const { promise, resolve } = Promise.withResolvers<boolean>();
        socket.on("error", () => undefined);
        socket.once("data", () => resolve(true)).once("close", () => resolve(false));
        socket.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
        return promise;
      }),
    );
    // Calls of this test may hold some of the 24 as well.
    const served = answered.filter((one) => one).length;
    expect(served).toBeGreaterThan(0);
    expect(served).toBeLessThanOrEqual(24);
    for (const socket of sockets) socket.destroy();
    await expect
      .poll(() =>
        hub.call("GET", "/api/whoami-v2", { token: hub.adminToken }).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });
});
