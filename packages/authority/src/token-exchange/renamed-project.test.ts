import { randomInt } from "node:crypto";
import type { Publisher } from "@postern/core/publisher/publisher";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ExchangeStage,
  exchangeFields,
  knownRepo,
  openStage,
  person,
  type WireAnswer,
} from "./exchange-stage.contract.ts";
import { type IssuerKeyPair, type LocalIssuer, rsaKey, signToken, startIssuer } from "./local-issuer.contract.ts";
import { type Claims, GITHUB_PIN, githubClaims, gitlabClaims } from "./provider-claims.contract.ts";

const REPO = "acme/train-model";
const PUBLISHERS = `/models/${REPO}/publishers`;
const key: IssuerKeyPair = rsaKey("k1");

let github: LocalIssuer;
let gitlab: LocalIssuer;
let stage: ExchangeStage;
let publisher: Publisher;

beforeEach(async () => {
  github = await startIssuer([key], "/github");
  gitlab = await startIssuer([key], "/gitlab");
  await open("once");
});
afterEach(async () => {
  await stage.close();
  await Promise.all([github.close(), gitlab.close()]);
});

async function open(renames: "once" | "never"): Promise<void> {
  stage = await openStage({ renames });
  stage.repos.push(knownRepo(REPO), knownRepo("acme/gitlab"));
  stage.principals.set("owner", person("acme"));
  await stage.addIssuer("github", github.url);
  await stage.addIssuer("gitlab", gitlab.url);
  publisher = await stage.addPublisher({ resource: REPO, issuer: github.url, claims: GITHUB_PIN });
}

async function reopen(renames: "once" | "never"): Promise<void> {
  await stage.close();
  await open(renames);
}

/** A job of the pinned repository, which is called `name` now. */
function named(name: string, changes: Claims = {}): Claims {
  return { repository: name, workflow_ref: `${name}/.github/workflows/publish.yml@refs/heads/main`, ...changes };
}

function moved(owner = "evil", id = "667"): Claims {
  return named(`${owner}/train`, { repository_owner: owner, repository_owner_id: id });
}

function exchange(claims: Claims = {}): Promise<WireAnswer> {
  return stage.exchange(signToken(key, githubClaims(github, claims)), REPO);
}

async function codeOf(claims: Claims = {}): Promise<unknown> {
  const { status, json } = await exchange(claims);
  return status === 200 ? "granted" : json.code;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read what they assert
async function listed(id = publisher.id): Promise<any> {
  const { json } = await stage.call("GET", PUBLISHERS, "owner");
  if (!Array.isArray(json.publishers)) throw new Error("no list");
  return json.publishers.find((one) => one.id === id);
}

function confirm(body: unknown, id = publisher.id): Promise<WireAnswer> {
  return stage.call("POST", `${PUBLISHERS}/${id}/confirm`, "owner", body);
}

async function events(name: string) {
  return (await stage.auditEvents()).filter(({ event }) => event === name);
}

describe("a renamed project", () => {
  it("is let in, and its publisher takes the new name, once", async () => {
    expect(await codeOf(named("acme/renamed"))).toBe("granted");
    expect(await listed()).toMatchObject({
      claims: { ...GITHUB_PIN, repository: "acme/renamed" },
      renamed: { from: { repository: "acme/train" }, at: "2026-11-18T11:06:40.000Z" },
    });
    expect(await codeOf(named("acme/renamed"))).toBe("granted");
    expect(await events("publisher.renamed")).toHaveLength(1);

    const again = await exchange(named("acme/third"));
    expect(again.json).toMatchObject({ code: "TP1805" });
    expect(again.json.error_description).toMatch(
      /repository was acme\/renamed and is acme\/third; one rename was accepted already.*publisher confirm/,
    );
    expect(await codeOf(named("acme/train"))).toBe("TP1805");
    expect(await codeOf(named("acme/renamed"))).toBe("granted");
  });

  it("leaves its grant, its new name and both entries in one commit, or none of them", async () => {
    const before = (await stage.auditEvents()).length;
    const { connection } = stage.database;
    connection.exec(
      "create trigger no_grant before insert on audit_log when new.event = 'token.exchange' begin select raise(abort, 'full'); end",
    );
    expect((await exchange(named("acme/renamed"))).status).toBeGreaterThanOrEqual(500);
    connection.exec("drop trigger no_grant");
    expect([stage.grants(), (await stage.auditEvents()).length]).toEqual([0, before]);
    expect((await listed()).claims).toEqual(GITHUB_PIN);

    connection.exec(
      "create trigger no_rename before insert on audit_log when new.event = 'publisher.renamed' begin select raise(abort, 'full'); end",
    );
    expect((await exchange(named("acme/renamed"))).status).toBeGreaterThanOrEqual(500);
    connection.exec("drop trigger no_rename");
    expect([stage.grants(), (await stage.auditEvents()).length]).toEqual([0, before]);

    expect(await codeOf(named("acme/renamed"))).toBe("granted");
    const [renamed, granted] = (await stage.auditEvents()).slice(before);
    expect(renamed).toMatchObject({
      event: "publisher.renamed",
      outcome: "allowed",
      actor_kind: "workload",
      resource: `models/${REPO}`,
      detail: { publisher_id: publisher.id, from: ["repository=acme/train"], to: ["repository=acme/renamed"] },
    });
    expect(granted).toMatchObject({ event: "token.exchange", outcome: "allowed", request_id: renamed?.request_id });
  });

  it("accepts a rename once, however many jobs come at the same moment", async () => {
    const count = 8;
    const same = await Promise.all(Array.from({ length: count }, () => codeOf(named("acme/renamed"))));
    expect(same).toEqual(Array.from({ length: count }, () => "granted"));
    expect(await events("publisher.renamed")).toHaveLength(1);
  });

  it("accepts one of several names that come at the same moment, whatever their order", async () => {
    const seed = Number(process.env.POSTERN_TEST_SEED ?? randomInt(2 ** 31));
    console.info(`seed ${seed}: set POSTERN_TEST_SEED to repeat`);
    let state = seed;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 12; round += 1) {
      const names = Array.from({ length: 2 + next(6) }, () => `acme/r${round}-${next(4)}`);
      const codes = await Promise.all(names.map((name) => codeOf(named(name))));
      const { claims, change } = await listed();
      // The winner's name is the publisher's; whoever carries it is granted, whoever does not is refused.
      expect(names).toContain(claims.repository);
      for (const [index, code] of codes.entries())
        expect(code).toBe(names[index] === claims.repository ? "granted" : "TP1805");
      expect(await events("publisher.renamed")).toHaveLength(round + 1);
      expect((await confirm({ accept: true, to: change?.to ?? {} })).status).toBe(200);
    }
  });

  it("may be renamed again once its owner has seen the first time", async () => {
    await exchange(named("acme/renamed"));
    expect((await confirm({ accept: true, to: {} })).status).toBe(200);
    expect((await listed()).renamed).toBeUndefined();
    expect(await codeOf(named("acme/third"))).toBe("granted");
    expect(await events("publisher.confirm")).toMatchObject([{ actor_name: "acme", detail: { accepted: true } }]);
  });

  it("waits for its owner when the server accepts no rename by itself", async () => {
    await reopen("never");
    const answer = await exchange(named("acme/renamed"));
    expect(answer.json.error_description).toMatch(/this server accepts no rename by itself/);
    expect(await listed()).toMatchObject({
      claims: GITHUB_PIN,
      change: { kind: "rename", from: { repository: "acme/train" }, to: { repository: "acme/renamed" } },
    });
    expect(await codeOf(), "the old name still counts").toBe("granted");
    await exchange(named("acme/renamed"));
    expect(await events("publisher.rename-seen"), "the same change is written down once").toHaveLength(1);
    expect((await confirm({ accept: true, to: { repository: "acme/renamed" } })).status).toBe(200);
    expect(await codeOf(named("acme/renamed"))).toBe("granted");
    expect(await codeOf()).toBe("TP1805");
  });

  it("waits for its owner where no owner id is pinned", async () => {
    const { repository_owner_id: _owner, ...claims } = GITHUB_PIN;
    await stage.call("DELETE", `${PUBLISHERS}/${publisher.id}`, "owner");
    publisher = await stage.addPublisher({ resource: REPO, issuer: github.url, claims });
    const answer = await exchange(moved());
    expect(answer.json).toMatchObject({ code: "TP1805" });
    expect(answer.json.error_description).toMatch(/pins no owner id/);
  });

  it("keeps its old name when its owner says so", async () => {
    await reopen("never");
    await exchange(named("acme/renamed"));
    expect((await confirm({ accept: false })).status).toBe(200);
    expect(await listed()).toMatchObject({ claims: GITHUB_PIN });
    expect((await listed()).change).toBeUndefined();
    expect(await codeOf(named("acme/renamed"))).toBe("TP1805");
  });

  it.each<[string, string, Claims]>([
    [
      "another branch besides",
      "TP1801",
      { ref: "refs/heads/evil", workflow_ref: "acme/renamed/.github/workflows/publish.yml@refs/heads/evil" },
    ],
    ["another id: the name was registered again", "TP1701", { repository_id: "666" }],
    ["a pull request", "TP1903", { event_name: "pull_request", ref: "refs/pull/1/merge" }],
    ["pull_request_target", "TP1901", { event_name: "pull_request_target" }],
    ["an expired token", "TP1401", { exp: 1 }],
  ])("is not taken for one with %s", async (_what, code, changes) => {
    expect(await codeOf(named("acme/renamed", changes))).toBe(code);
    expect(await listed()).toMatchObject({ claims: GITHUB_PIN });
    expect(await events("publisher.renamed")).toEqual([]);
  });

  it("goes to the publisher that has the new name already, and renames no other", async () => {
    const claims = { ...GITHUB_PIN, repository: "acme/renamed" };
    const twin = await stage.addPublisher({ resource: REPO, issuer: github.url, claims });
    expect(await codeOf(named("acme/renamed"))).toBe("granted");
    expect((await listed()).claims).toEqual(GITHUB_PIN);
    await stage.call("PATCH", `${PUBLISHERS}/${twin.id}`, "owner", { enabled: false });
    const refused = await exchange(named("acme/renamed"));
    expect(refused.json, "switching it off is not got round").toMatchObject({ code: "TP1805" });
    expect(refused.json.error_description).toMatch(/switched off or frozen, has the new name/);
    expect((await listed()).claims).toEqual(GITHUB_PIN);
  });

  it("does not spend the token when the rename is refused", async () => {
    await exchange(named("acme/second"));
    const token = signToken(key, githubClaims(github, named("acme/third")));
    expect((await stage.exchange(token, REPO)).json.code).toBe("TP1805");
    await confirm({ accept: true, to: { repository: "acme/third" } });
    expect((await stage.exchange(token, REPO)).status).toBe(200);
  });

  it("is foretold by a dry run, which changes nothing", async () => {
    const token = signToken(key, githubClaims(github, named("acme/renamed")));
    const answer = await stage.call("POST", "/exchange/dry-run", undefined, exchangeFields(token, REPO));
    expect(answer.json).toMatchObject({ granted: true, rename: { repository: "acme/renamed" } });
    const transferred = signToken(key, githubClaims(github, moved()));
    const other = await stage.call("POST", "/exchange/dry-run", undefined, exchangeFields(transferred, REPO));
    expect(other.json).toMatchObject({ granted: false, code: "TP1912" });
    expect(await listed()).toMatchObject({ claims: GITHUB_PIN });
    expect((await listed()).change).toBeUndefined();
    expect((await stage.exchange(token, REPO)).status).toBe(200);
  });

  it("is told to nobody who did not prove its id", async () => {
    await exchange(named("acme/renamed"));
    const stranger = { repository_id: "666", repository_owner_id: "667" };
    const answers = await Promise.all([
      exchange(named("acme/train", stranger)),
      exchange(named("acme/renamed", stranger)),
      exchange(named("acme/other", stranger)),
    ]);
    for (const { json } of answers) {
      expect(json.code).toBe("TP1701");
      expect(String(json.error_description)).not.toMatch(/renam|confirm/);
    }
  });
});

describe("a transferred project", () => {
  it("freezes its publisher for everybody until its owner confirms the new owner", async () => {
    const refused = await exchange(moved());
    expect(refused.json).toMatchObject({ code: "TP1912", error_uri: "/errors/TP1912" });
    expect(refused.json.error_description).toMatch(
      /repository was acme\/train and is evil\/train, repository_owner_id was 123456 and is 667/,
    );
    expect(await codeOf(), "the former owner too").toBe("TP1912");
    expect(await listed()).toMatchObject({
      enabled: true,
      frozen: true,
      claims: GITHUB_PIN,
      change: {
        kind: "transfer",
        from: { repository: "acme/train", repository_owner_id: "123456" },
        to: { repository: "evil/train", repository_owner_id: "667" },
        seen_at: "2026-11-18T11:06:40.000Z",
      },
    });
    const attempts = await stage.call("GET", `/models/${REPO}/attempts`, "owner");
    expect(attempts.json.attempts).toContainEqual(
      expect.objectContaining({ code: "TP1912", publisher_id: publisher.id }),
    );

    const to = { repository: "evil/train", repository_owner_id: "667" };
    expect((await confirm({ accept: true, to })).json).toMatchObject({ claims: { ...GITHUB_PIN, ...to } });
    expect(await codeOf(moved())).toBe("granted");
    expect(await codeOf()).toBe("TP1912");
  });

  it("is frozen with an entry of its own in the commit of the refusal, once", async () => {
    await exchange(moved());
    await exchange(moved());
    await exchange();
    expect(await events("publisher.frozen")).toMatchObject([
      {
        outcome: "allowed",
        resource: `models/${REPO}`,
        detail: {
          publisher_id: publisher.id,
          from: ["repository=acme/train", "repository_owner_id=123456"],
          to: ["repository=evil/train", "repository_owner_id=667"],
        },
      },
    ]);
  });

  it("freezes every publisher of that project, and no other", async () => {
    const other = await stage.addPublisher({
      resource: REPO,
      issuer: github.url,
      claims: { ...GITHUB_PIN, branch: "dev" },
    });
    const foreign = await stage.addPublisher({
      resource: REPO,
      issuer: github.url,
      claims: { repository_id: "1", repository_owner_id: "2" },
    });
    await exchange(moved());
    expect([await listed(), await listed(other.id), await listed(foreign.id)].map(({ frozen }) => frozen)).toEqual([
      true,
      true,
      undefined,
    ]);
  });

  it("stays frozen through switching off and on, a second transfer and a rename", async () => {
    await exchange(moved());
    await exchange(moved("worse", "668"));
    expect((await listed()).change.to).toEqual({ repository: "worse/train", repository_owner_id: "668" });
    for (const enabled of [false, true])
      await stage.call("PATCH", `${PUBLISHERS}/${publisher.id}`, "owner", { enabled });
    expect(await codeOf(named("acme/renamed"))).toBe("TP1912");
    expect((await listed()).change.kind).toBe("transfer");
  });

  it("is not confirmed unseen when it was transferred again meanwhile", async () => {
    await exchange(moved());
    await exchange(moved("worse", "668"));
    const answer = await confirm({ accept: true, to: { repository: "evil/train", repository_owner_id: "667" } });
    expect([answer.status, answer.json.code]).toEqual([409, "conflict"]);
    expect((await listed()).frozen).toBe(true);
  });

  it("that came back to its owner goes on with the old values", async () => {
    await exchange(moved());
    expect((await confirm({ accept: false })).json).toMatchObject({ claims: GITHUB_PIN });
    expect(await codeOf()).toBe("granted");
    expect(await codeOf(moved()), "the next transfer freezes again").toBe("TP1912");
  });

  it("lets no exchange pass that was judged before it and written after it", async () => {
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all([exchange(moved()), exchange(), exchange(), exchange(moved())]);
      for (const { status, json } of answers)
        expect(status === 200 || /^TP19(?:04|12)$/.test(String(json.code))).toBe(true);
      const entries = await stage.auditEvents();
      const frozenAt = entries.findLastIndex(({ event }) => event === "publisher.frozen");
      const grants = entries
        .slice(frozenAt)
        .filter(({ event, outcome }) => event === "token.exchange" && outcome === "allowed");
      expect(grants).toEqual([]);
      expect((await confirm({ accept: false })).status).toBe(200);
    }
  });

  it("is not confirmed by a job, a stranger or with values of another shape", async () => {
    await exchange(moved());
    stage.principals.set("stranger", person("bob"));
    const path = `${PUBLISHERS}/${publisher.id}/confirm`;
    const to = { repository: "evil/train", repository_owner_id: "667" };
    expect((await stage.call("POST", path, undefined, { accept: true, to })).status).toBe(401);
    expect((await stage.call("POST", path, "stranger", { accept: true, to })).status).toBe(403);
    for (const body of [
      {},
      { accept: "yes", to },
      { accept: true, to: [] },
      { accept: true, to: { repository: 7 } },
      { accept: true, to, x: 1 },
    ])
      expect((await confirm(body)).json.code).toBe("invalid_field");
    for (const body of [{ accept: true }, { accept: true, to: { repository: "evil/train" } }])
      expect((await confirm(body)).status).toBe(409);
    expect((await confirm({ accept: true, to }, "missing")).status).toBe(404);
    expect(
      (
        await stage.call("POST", `/models/acme/gitlab/publishers/${publisher.id}/confirm`, "owner", {
          accept: true,
          to,
        })
      ).status,
    ).toBe(404);
    expect((await listed()).frozen).toBe(true);
  });

  it("cannot be confirmed into the claims of another publisher", async () => {
    const to = { repository: "evil/train", repository_owner_id: "667" };
    await exchange(moved());
    await stage.addPublisher({ resource: REPO, issuer: github.url, claims: { ...GITHUB_PIN, ...to } });
    expect((await confirm({ accept: true, to })).json.code).toBe("already_exists");
  });

  it("needs nothing where nothing waits", async () => {
    expect((await confirm({ accept: true, to: {} })).status).toBe(409);
  });
});

describe("at GitLab", () => {
  const pinned = { project_path: "acme/ml/train", project_id: "20", namespace_id: "72", branch: "main" };
  const exchangeGitlab = async (changes: Claims): Promise<unknown> => {
    const { status, json } = await stage.exchange(signToken(key, gitlabClaims(gitlab, changes)), "acme/gitlab");
    return status === 200 ? "granted" : json.code;
  };
  beforeEach(() =>
    stage.addPublisher({ resource: "acme/gitlab", provider: "gitlab", issuer: gitlab.url, claims: pinned }),
  );

  it.each<[string, Claims, string]>([
    ["renamed", { project_path: "acme/ml/new" }, "granted"],
    ["whose group was renamed", { project_path: "acme/ai/train" }, "granted"],
    ["whose group moved below another one", { project_path: "evil/ml/train" }, "TP1912"],
    ["of another group", { project_path: "evil/train", namespace_id: "73" }, "TP1912"],
    ["a fork of which runs in it", { project_path: "acme/ml/new", job_project_id: "666" }, "TP1903"],
  ])("a project %s: %j is %s", async (_what, changes, expected) => {
    expect(await exchangeGitlab(changes)).toBe(expected);
  });
});
