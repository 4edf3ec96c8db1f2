import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseObjectId } from "../../git/object-id.ts";
import { HubHarness } from "../../http/hub-harness.contract.ts";
import { RepoPacker } from "./repo-packer.ts";

const looseIn = (bare: string): number =>
  readdirSync(join(bare, "objects")).reduce(
    (sum, folder) => sum + (/^[0-9a-f]{2}$/.test(folder) ? readdirSync(join(bare, "objects", folder)).length : 0),
    0,
  );
const packsIn = (bare: string): readonly string[] => readdirSync(join(bare, "objects/pack"));

it("packs loose objects and joins packs, keeps what no ref leads to, and readers go on reading", async () => {
  await using harness = await HubHarness.start();
  const stored = await harness.repo("ada/train");
  const bare = harness.git.directoryOf(stored.repoId);
  const git = (args: readonly string[], input?: string | Buffer): string =>
    execFileSync("git", ["--git-dir", bare, ...args], { input, stdio: ["pipe", "pipe", "ignore"] })
      .toString()
      .trim();
  const stray = parseObjectId(git(["hash-object", "-w", "--stdin"], "nothing names this\n"));
  if (stray === undefined) throw new Error("no object id");
  const repository = harness.git.open(stored);
  const tip = await repository.resolveRevision("main");
  expect((await repository.readBlob(stray, 100))?.toString()).toBe("nothing names this\n");
  for (let pack = 0; pack < 4; pack++) {
    const oid = git(["hash-object", "-w", "--stdin"], randomBytes(100));
    git(["pack-objects", join(bare, "objects/pack/pack")], `${oid}\n`);
  }
  const left = join(bare, "objects/pack/tmp_pack_left");
  writeFileSync(left, "half a pack");
  utimesSync(left, 1, 1);
  const before = { loose: looseIn(bare), packs: packsIn(bare).filter((name) => name.endsWith(".pack")).length };
  expect(before.packs).toBe(4);

  const lazy = new RepoPacker({ dataDirectory: harness.directory, startedAtMs: Date.now() });
  await lazy.sweep();
  expect(looseIn(bare)).toBeGreaterThanOrEqual(before.loose);
  const keen = new RepoPacker({ dataDirectory: harness.directory, startedAtMs: Date.now(), packs: 3 });
  await keen.sweep();

  // What the hub notes down about a new repo may come while this goes on.
  expect(looseIn(bare)).toBeLessThan(before.loose);
  expect(existsSync(join(bare, "objects", stray.slice(0, 2), stray.slice(2)))).toBe(false);
  expect(packsIn(bare).filter((name) => name.endsWith(".pack"))).toHaveLength(1);
  expect(packsIn(bare)).not.toContain("tmp_pack_left");
  expect((await repository.readBlob(stray, 100))?.toString()).toBe("nothing names this\n");
  expect(await repository.resolveRevision("main")).toBe(tip);
  git(["fsck", "--strict"]);
});
