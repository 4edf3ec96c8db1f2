import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { SpentBuffers } from "./spent-buffers.ts";

it("collects once per sixteen mebibytes that somebody reads, and takes nothing from the reader", async () => {
  let collections = 0;
  const spent = new SpentBuffers(() => {
    collections += 1;
  });
  const chunk = Buffer.alloc(1024 * 1024, "x");
  const stream = Readable.from(Array.from({ length: 40 }, () => chunk));
  spent.watch(stream);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(collections).toBe(0);
  let read = 0;
  stream.on("data", (piece: Buffer) => {
    read += piece.length;
  });
  await new Promise((resolve) => stream.once("end", resolve));
  expect([read, collections]).toEqual([40 * chunk.length, 2]);
});

it("finds the small collection of this V8", () => {
  const before = process.memoryUsage().arrayBuffers;
  const spent = new SpentBuffers();
  for (let index = 0; index < 200; index++) spent.passed(Buffer.allocUnsafeSlow(1024 * 1024).length);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024);
});
