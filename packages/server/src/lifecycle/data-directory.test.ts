import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { openDataDirectory } from "./data-directory.ts";

const folder = mkdtempSync(path.join(tmpdir(), "postern-data-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("makes the directory for its owner only", () => {
  const directory = path.join(folder, "new");
  using opened = openDataDirectory(directory);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(opened.isNew).toBe(true);
});

it("keeps a second server out until the first one lets go, also in another process", () => {
  const directory = path.join(folder, "shared");
  const tryElsewhere = () =>
    spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { openDataDirectory } from ${JSON.stringify(path.join(import.meta.dirname, "data-directory.ts"))}; openDataDirectory(${JSON.stringify(directory)});`,
      ],
      { encoding: "utf8" },
    );
  {
    using _held = openDataDirectory(directory);
    expect(tryElsewhere().stderr).toContain("another Postern server is using");
  }
  expect(tryElsewhere().status).toBe(0);
});
