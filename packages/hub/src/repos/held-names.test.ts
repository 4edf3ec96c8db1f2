import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { addSeconds, epochSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteHeldNames } from "../adapters/sqlite/sqlite-held-names.ts";
import { HubHarness, jobFor, person, repoRef } from "../http/hub-harness.contract.ts";
import { createRepo } from "./create-repo.ts";
import { findRepo } from "./find-repo.ts";
import type { HeldName } from "./held-name.ts";
import { makeHeldRepo } from "./make-held-repo.ts";
import { settleRepos } from "./settle-repos.ts";

const NOW = epochSeconds(Math.floor(Date.now() / 1000));
const NAME: HeldName = {
  repo: repoRef("acme/new"),
  repoId: "a".repeat(24),
  visibility: "private",
  heldBy: "ada",
  expiresAt: addSeconds(NOW, 3600),
};

let hub: HubHarness;
let names: SqliteHeldNames;

beforeEach(async () => {
  hub = await HubHarness.start();
  names = new SqliteHeldNames(hub.database);
});
afterEach(() => hub[Symbol.asyncDispose]());

const creator = jobFor({ ...NAME, createdAt: NOW, updatedAt: NOW, createdBy: "" });

describe("a held name", () => {
  it("is taken for others in any spelling, and free again when it expired", () => {
    expect(names.hold(NAME, NOW, 20)).toBe("held");
    const other = { ...NAME, repo: repoRef("acme/NEW"), repoId: "b".repeat(24), heldBy: "bob" };
    expect(names.hold(other, NOW, 20)).toBe("taken");
    expect(names.find(NAME.repo, NAME.expiresAt)).toBeUndefined();
    expect(names.expired(addSeconds(NAME.expiresAt, -1), 10)).toEqual([]);
    expect(names.expired(NAME.expiresAt, 10)).toEqual([NAME]);
    expect(names.become(NAME.repoId, "job", NAME.expiresAt)).toBe(false);
    const later = { ...other, expiresAt: addSeconds(NAME.expiresAt, 3600) };
    expect(names.hold(later, NAME.expiresAt, 20)).toBe("held");
    expect(names.find(NAME.repo, NAME.expiresAt)).toEqual(later);
  });

  it("counts against its holder's quota, whatever the case of the name, while it lives", () => {
    expect(names.hold(NAME, NOW, 1)).toBe("held");
    const second = { ...NAME, repo: repoRef("acme/second"), repoId: "b".repeat(24) };
    expect(names.hold({ ...second, heldBy: "ADA" }, NOW, 1)).toBe("full");
    expect(names.hold({ ...second, heldBy: "bob" }, NOW, 1)).toBe("held");
    const third = { ...NAME, repo: repoRef("acme/third"), repoId: "c".repeat(24) };
    expect(names.hold(third, NAME.expiresAt, 1)).toBe("held");
  });

  it("is not to be had for a repo that exists", async () => {
    await hub.repo("acme/new");
    expect(names.hold(NAME, NOW, 20)).toBe("taken");
  });

  it("is refused to others with an audit entry, and gives its holder the id that publishers wait for", async () => {
    names.hold(NAME, NOW, 20);
    const wanted = { repo: NAME.repo, visibility: "public", files: [] } as const;
    const membership = [{ org: repoRef("acme/x").namespace, role: "write" as const }];
    const as = (name: string) => ({
      principal: person(name, { memberships: membership }),
      requestId: "r",
      sourceAddress: undefined,
    });
    await expect(createRepo(hub.deps, as("bob"), wanted)).rejects.toMatchObject({ status: 409, code: "Conflict" });
    expect(hub.audited).toMatchObject([{ event: "repo.create", outcome: "denied", detail: { held_by: "ada" } }]);
    const made = await createRepo(hub.deps, as("ada"), wanted);
    expect(made).toMatchObject({ kind: "created", repo: { repoId: NAME.repoId } });
    expect(names.find(NAME.repo, NOW)).toBeUndefined();
  });

  it("looks private to the rest of the house, and like nothing once it expired", async () => {
    names.hold({ ...NAME, visibility: "public" }, NOW, 20);
    expect(await findRepo(hub.catalogue, NAME.repo, NOW)).toMatchObject({
      visibility: "private",
      held: { heldBy: "ada" },
    });
    expect(await findRepo(hub.catalogue, NAME.repo, NAME.expiresAt)).toBeUndefined();
  });
});

describe("making the repo of a held name", () => {
  beforeEach(() => {
    names.hold(NAME, NOW, 20);
  });
  const tmp = () => readdir(join(hub.directory, "repos", "tmp"));
  const become = () => names.become(NAME.repoId, "job", NOW);

  it("leaves everything when the commit was stored, even if the process dies right after it", async () => {
    const died = makeHeldRepo(hub.deps, NAME, creator, async () => {
      become();
      throw new Error("killed");
    });
    await expect(died).rejects.toThrow("killed");
    expect(await tmp()).toEqual([`${NAME.repoId}.unsettled`]);
    await settleRepos(hub.catalogue, hub.git);
    expect(await tmp()).toEqual([]);
    const repo = await hub.catalogue.find(NAME.repo);
    if (repo === undefined) throw new Error("the repo is missing");
    expect(repo).toMatchObject({ repoId: NAME.repoId, visibility: "private", createdBy: "job" });
    expect(await hub.git.open(repo).resolveRevision("main")).toMatch(/^[0-9a-f]{40}$/);
  });

  it("leaves nothing when the process dies before the commit, and the next try works without a restart", async () => {
    const died = makeHeldRepo(hub.deps, NAME, creator, async () => {
      throw new Error("killed");
    });
    await expect(died).rejects.toThrow("killed");
    expect(await hub.catalogue.find(NAME.repo)).toBeUndefined();
    const again = await makeHeldRepo(hub.deps, NAME, creator, async () => ({ made: become(), value: "granted" }));
    expect(again).toEqual({ kind: "done", value: "granted" });
    expect(await tmp()).toEqual([]);
  });

  it("takes the directory away again when the grant is refused", async () => {
    const refused = await makeHeldRepo(hub.deps, NAME, creator, async () => ({ made: false, value: "replayed" }));
    expect(refused).toEqual({ kind: "done", value: "replayed" });
    expect(await tmp()).toEqual([]);
    expect(await readdir(join(hub.directory, "repos", "aa")).catch(() => [])).toEqual([]);
    expect(names.find(NAME.repo, NOW)).toEqual(NAME);
  });

  it("runs one commit of many that come at once", async () => {
    let commits = 0;
    const commit = async () => {
      commits += 1;
      return { made: become(), value: commits };
    };
    const all = await Promise.all([1, 2, 3].map(() => makeHeldRepo(hub.deps, NAME, creator, commit)));
    expect(all).toEqual([{ kind: "done", value: 1 }, { kind: "exists" }, { kind: "exists" }]);
  });
});
