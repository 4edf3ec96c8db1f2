import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { PktReader, pktLine } from "./pkt-line.ts";
import { MAX_PUSH_COMMANDS, readPushHead } from "./push-commands.ts";
import { formatPushReport } from "./push-report.ts";

const ZERO = "0".repeat(40);
const ONE = "1".repeat(40);
const body = (...parts: readonly (string | Buffer)[]): Readable =>
  Readable.from(parts.map((part) => Buffer.from(part)));
const head = (...parts: readonly (string | Buffer)[]) => readPushHead(new PktReader(body(...parts)));

describe("the head of a push", () => {
  it("is read however the network cuts it, and the pack behind it is left as it is", async () => {
    const whole = Buffer.concat([
      pktLine(`${ZERO} ${ONE} refs/heads/a\0report-status-v2 side-band-64k atomic agent=git/2.39\n`),
      pktLine(`${ONE} ${ZERO} refs/tags/b\n`),
      Buffer.from("0000PACK and so on"),
    ]);
    for (const size of [1, 3, 7, 64, whole.length]) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size));
      const reader = new PktReader(Readable.from(pieces));
      expect(await readPushHead(reader)).toEqual({
        commands: [
          { ref: "refs/heads/a", old: undefined, new: ONE },
          { ref: "refs/tags/b", old: ONE, new: undefined },
        ],
        atomic: true,
        sideband: true,
        reportStatus: true,
      });
      const rest: Buffer[] = [];
      for await (const chunk of await reader.rest()) rest.push(chunk);
      expect(Buffer.concat(rest).toString()).toBe("PACK and so on");
    }
  });

  it("reads over the commits where a shallow clone ends", async () => {
    const read = await head(pktLine(`shallow ${ONE}`), pktLine(`${ZERO} ${ONE} refs/heads/a\0`), "0000");
    expect(read?.commands).toHaveLength(1);
  });

  it.each([["0000"], [""]])("is nothing when it is only the probe: %j", async (text) => {
    expect(await head(text)).toBeUndefined();
  });

  it.each([
    ["a length of three", "0003"],
    ["a length that is no number", "zzzzwhat"],
    ["a line that ends too early", "0040short"],
    ["no flush at the end", pktLine(`${ZERO} ${ONE} refs/heads/a\0`)],
    ["a delimiter", "0001"],
    ["upper-case digits", pktLine(`${ZERO} ${"A".repeat(40)} refs/heads/a\0`)],
    [
      "a name that is no UTF-8",
      pktLine(Buffer.concat([Buffer.from(`${ZERO} ${ONE} refs/heads/`), Buffer.from([0xff])])),
    ],
    ["a name beyond all lengths", pktLine(`${ZERO} ${ONE} refs/heads/${"a".repeat(2000)}\0`)],
  ])("is refused with %s", async (_what, content) => {
    await expect(head(content, ...(_what === "no flush at the end" ? [] : ["0000"]))).rejects.toMatchObject({
      status: 400,
    });
  });

  it("is refused when it moves too many refs", async () => {
    const lines = Array.from({ length: MAX_PUSH_COMMANDS + 1 }, (_, index) =>
      pktLine(`${ZERO} ${ONE} refs/heads/b${index}${index === 0 ? "\0" : ""}`),
    );
    await expect(head(...lines, "0000")).rejects.toMatchObject({ status: 413 });
  });
});

describe("the report of a push", () => {
  const outcome = {
    commands: [
      { ref: "refs/heads/a", kind: "moved" },
      { ref: "refs/heads/b", kind: "refused", reason: "no\u001b[31m\nng refs/heads/a stale" },
    ],
    messages: ["Look\r\u001b[2Jhere"],
  } as const;

  it("cannot be made to write on a terminal or to report another ref by what a pusher named", () => {
    const text = formatPushReport({ sideband: true, reportStatus: true }, outcome).toString("latin1");
    expect(text).toContain("\u0002Look?[2Jhere\n");
    expect(text).toContain("ng refs/heads/b no?[31m?ng refs/heads/a stale\n");
    expect(text.endsWith("0000")).toBe(true);
  });

  it("is plain where the client knows no side band, and empty where it wants none", () => {
    const plain = formatPushReport({ sideband: false, reportStatus: true }, outcome).toString();
    expect(plain).toMatch(/^000eunpack ok\n0014ok refs\/heads\/a\n/);
    expect(formatPushReport({ sideband: false, reportStatus: false }, outcome)).toHaveLength(0);
  });
});
