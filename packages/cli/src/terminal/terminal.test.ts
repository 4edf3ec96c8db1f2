import { describe, expect, it } from "vitest";
import { formatByteSize, formatDuration } from "./byte-size.ts";
import { createTerminal } from "./terminal.ts";
import { transferProgress } from "./transfer-progress.ts";

function terminalWith(isTTY: boolean, env: Readonly<Record<string, string>> = {}) {
  const written: string[] = [];
  const stream = { isTTY, columns: 80, write: (text: string) => written.push(text) };
  return { terminal: createTerminal({ stdout: stream, stderr: stream, env }), written };
}

describe("colour", () => {
  it.each<[boolean, Readonly<Record<string, string>>, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ])("terminal %s, environment %j: %s", (isTTY, env, coloured) => {
    expect(terminalWith(isTTY, env).terminal.style("red", "x") !== "x").toBe(coloured);
  });
});

describe("progress", () => {
  const options = { env: {}, now: () => 0, done: "uploaded", totalBytes: 100, totalFiles: 1 };

  it("is a bar that cleans up after itself for a person", () => {
    const { terminal, written } = terminalWith(true);
    const progress = transferProgress({ ...options, terminal, silent: false });
    progress.advance(50);
    progress.file("a.bin", 100);
    progress.stop();
    expect(written.join("")).toContain("50%");
    expect(written.at(-1)).toBe("\r\u001b[2K");
    expect(written.every((text) => !text.includes("\n"))).toBe(true);
  });

  it("is a line per file in a log, or when bars are switched off", () => {
    for (const [isTTY, env] of [
      [false, {}],
      [true, { HF_HUB_DISABLE_PROGRESS_BARS: "1" }],
    ] as const) {
      const { terminal, written } = terminalWith(isTTY);
      const progress = transferProgress({ ...options, terminal, silent: false, env });
      progress.advance(50);
      progress.file("a.bin", 100);
      progress.stop();
      expect(written).toEqual(["uploaded a.bin (100 B)\n"]);
    }
  });

  it("is nothing when silent", () => {
    const { terminal, written } = terminalWith(true);
    const progress = transferProgress({ ...options, terminal, silent: true });
    progress.phase("uploading");
    progress.file("a.bin", 100);
    progress.stop();
    expect(written).toEqual([]);
  });
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [999_960, "1.0 MB"],
  [12_582_912, "12.6 MB"],
  [5e12, "5.0 TB"],
])("says %d bytes as %s", (bytes, text) => {
  expect(formatByteSize(bytes)).toBe(text);
});

it.each([
  [12, "12 ms"],
  [1234, "1.2 s"],
  [185_000, "3 min 05 s"],
])("says %d milliseconds as %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
