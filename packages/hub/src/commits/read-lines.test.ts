import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { BlobWriter } from "../git/git-repository.ts";
import { parseObjectId } from "../git/object-id.ts";
import { readLines } from "./read-lines.ts";

const LIMITS = { maxBodyBytes: 4_000_000, maxLineBytes: 2_000_000 };

/** Cut into pieces of `size` bytes. */
async function* pieces(body: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

class CollectingWriter implements BlobWriter {
  readonly parts: Buffer[] = [];
  discarded = false;

  async write(content: Uint8Array): Promise<void> {
    this.parts.push(Buffer.from(content));
  }

  async finish(): Promise<never> {
    throw new Error(`not asked for: ${parseObjectId("")}`);
  }

  async discard(): Promise<void> {
    this.discarded = true;
  }
}

async function read(body: string, size: number, limits = LIMITS) {
  const writers: CollectingWriter[] = [];
  const lines: { text: string; content: Buffer | undefined }[] = [];
  const open = async () => {
    const writer = new CollectingWriter();
    writers.push(writer);
    return writer;
  };
  try {
    for await (const { text, content } of readLines(pieces(body, size), limits, open)) {
      const parts = content instanceof CollectingWriter ? content.parts : undefined;
      lines.push({ text: text.toString(), content: parts === undefined ? undefined : Buffer.concat(parts) });
    }
  } catch (error) {
    return { error, writers, lines };
  }
  return { error: undefined, writers, lines };
}

const long = randomBytes(200_001);
const fileLine = (content: string): string =>
  JSON.stringify({ key: "file", value: { content, path: 'tricky "content": "x', encoding: "base64" } });

describe("the lines of a commit", () => {
  it.each([1, 7, 4096, 65_536, 10_000_000])(
    "are the same in pieces of %d bytes, long content taken out",
    async (size) => {
      const body = ['{"key":"header"}', fileLine("c2hvcnQ="), "", fileLine(long.toString("base64")), '{"last":true}'];
      const { lines, error } = await read(body.join("\n"), size);
      expect(error).toBeUndefined();
      expect(lines.map(({ text }) => text)).toEqual([body[0], body[1], fileLine(""), body[4]]);
      expect(lines[2]?.content?.equals(long)).toBe(true);
    },
  );

  it("are refused when long content is damaged, cut off, or no base64, and nothing stays open", async () => {
    const base64 = long.toString("base64");
    for (const content of [
      `${base64}=`,
      `${base64.slice(0, -1)}`,
      `=${base64.slice(1)}`,
      `é${base64}`,
      `\\u0041${base64}`,
    ]) {
      const { error, writers } = await read(fileLine(content).replace("\\\\u", "\\u"), 4096);
      expect(error).toMatchObject({ status: 400 });
      expect(writers.map(({ discarded }) => discarded)).toEqual([true]);
    }
    const cutOff = fileLine(base64).slice(0, 150_000);
    expect(await read(cutOff, 4096)).toMatchObject({ error: { status: 400 }, writers: [{ discarded: true }] });
  });

  it("are refused when a line, the body, or a line's rest is too large", async () => {
    const tooLarge = { error: { status: 413, code: "PayloadTooLarge" } };
    expect(await read(fileLine("A".repeat(2_000_000)), 65_536)).toMatchObject(tooLarge);
    expect(await read(`${fileLine("A".repeat(1_000_000))}\n`.repeat(5), 65_536)).toMatchObject(tooLarge);
    expect(await read(JSON.stringify({ path: "A".repeat(70_000) }), 65_536)).toMatchObject(tooLarge);
    const two = `{"content":"${"A".repeat(80_000)}","content":"${"A".repeat(80_000)}"}`;
    expect(await read(two, 65_536)).toMatchObject(tooLarge);
  });
});
