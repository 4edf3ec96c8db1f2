import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { bindListener } from "./bound-listener.ts";

it("tells requests to come back until it is opened, although it listens already", async () => {
  const listener = await bindListener("127.0.0.1", 0);
  listener.attach((_request, response) => response.end("served"));
  const early = await fetch(listener.origin);
  expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"]);
  listener.open();
  expect(await (await fetch(listener.origin)).text()).toBe("served");
  await listener.close(0);
});

it("names the port that is taken and what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await expect(bindListener("127.0.0.1", port)).rejects.toThrow(/is taken by another program.*--port/);
  other.close();
});

it.each([
  ["that begins a request and never ends its headers", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "],
  ["that says nothing at all", ""],
])("ends a connection %s", async (_what, beginning) => {
  const listener = await bindListener("127.0.0.1", 0, { limitMs: 50, checkEveryMs: 10 });
  listener.attach((_request, response) => response.end("served"));
  listener.open();
  const socket = connect(Number(new URL(listener.origin).port), "127.0.0.1");
  socket.write(beginning);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  await listener.close(0);
});

it("lets a running request end when it closes", async () => {
  const listener = await bindListener("127.0.0.1", 0);
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<() => void>();
  listener.attach((_request, response) => arrive(() => response.end("whole")));
  listener.open();
  const answer = fetch(listener.origin).then((response) => response.text());
  const finish = await arrived;
  const closed = listener.close(10_000);
  finish();
  expect(await answer).toBe("whole");
  await closed;
});
