import { describe, expect, it } from "vitest";
import { parseIssuerUrl } from "../issuer/issuer-url.ts";
import { CUSTOM_PRESET } from "../provider/custom-preset.ts";
import { GITHUB_PRESET } from "../provider/github-preset.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { parseAccountName } from "../resource/account-name.ts";
import { epochSeconds } from "../time/epoch-seconds.ts";
import { explainCheck, showClaimValue } from "./explain-check.ts";
import { matchPublishers } from "./match-publishers.ts";
import { mismatchCodeOf } from "./mismatch-code.ts";

const TOKEN = {
  repository: "Acme/Train",
  repository_id: "7",
  repository_owner_id: "1",
  ref: "refs/heads/main",
  ref_type: "branch",
  environment: "Release",
  event_name: "push",
};
const ID = { repository_id: "7" };

let serial = 0;

function publisher(claims: Publisher["claims"], changes: Partial<Publisher> = {}): Publisher {
  const name = parseAccountName("ada");
  const issuer = parseIssuerUrl("https://token.actions.githubusercontent.com");
  if (name === undefined || issuer === undefined) throw new Error("broken test");
  serial += 1;
  return {
    id: `p-${String(serial).padStart(4, "0")}`,
    target: { kind: "user", name },
    provider: "github",
    issuer,
    claims,
    access: "write",
    ttlSeconds: 3600,
    sourceAddresses: [],
    enabled: true,
    createdAt: epochSeconds(1_795_000_000),
    createdBy: "ada",
    lastUsedAt: undefined,
    ...changes,
  };
}

function winner(...publishers: readonly Publisher[]): string | undefined {
  const outcome = matchPublishers(GITHUB_PRESET, TOKEN, publishers);
  return outcome.kind === "match" ? outcome.publisher.id : undefined;
}

function nearest(...publishers: readonly Publisher[]): string | undefined {
  const outcome = matchPublishers(GITHUB_PRESET, TOKEN, publishers);
  return outcome.kind === "none" ? outcome.nearest?.publisher.id : "match";
}

describe("matchPublishers", () => {
  it("wants every claim, exactly", () => {
    expect(winner(publisher({ ...ID, branch: "main" }))).toBeDefined();
    expect(winner(publisher({ ...ID, branch: "main2" }))).toBeUndefined();
    expect(winner(publisher({ ...ID, branch: "mai" }))).toBeUndefined();
    expect(winner(publisher({ ...ID, branch: "Main" }))).toBeUndefined();
  });

  it("folds case where GitHub does, in ASCII only", () => {
    expect(winner(publisher({ ...ID, repository: "acme/train", environment: "RELEASE" }))).toBeDefined();
    expect(winner(publisher({ ...ID, repository: "acme/tra\u0131n" }))).toBeUndefined();
  });

  it("matches nothing with nothing to check", () => expect(winner(publisher({}))).toBeUndefined());

  it("does not match an absent claim with an empty one", () => {
    expect(winner(publisher({ ...ID, actor: "" }))).toBeUndefined();
  });

  it.each<readonly [string | number | boolean, string]>([
    [7, '"7"'],
    ["7", "7"],
    [true, '"true"'],
    ["a", '["a"]'],
    ["[object Object]", "{}"],
    ["null", "null"],
  ])("keeps the JSON type: %j is not %s", (expected, got) => {
    const claims = JSON.parse(`{"x":${got}}`);
    expect(matchPublishers(CUSTOM_PRESET, claims, [publisher({ x: expected })]).kind).toBe("none");
    expect(matchPublishers(CUSTOM_PRESET, { x: expected }, [publisher({ x: expected })]).kind).toBe("match");
  });

  it("takes the most specific one, then write, then the oldest, then the id, in whatever order they come", () => {
    const plain = publisher(ID, { createdAt: epochSeconds(1) });
    const reader = publisher({ ...ID, environment: "release" }, { access: "read", createdAt: epochSeconds(1) });
    const young = publisher({ ...ID, environment: "release" }, { createdAt: epochSeconds(3) });
    const old = publisher({ ...ID, branch: "main" }, { createdAt: epochSeconds(2) });
    const twin = publisher({ ...ID, event_name: "push" }, { createdAt: epochSeconds(2) });
    const all = [plain, reader, young, old, twin];
    expect(winner(...all)).toBe(old.id);
    expect(winner(...all.toReversed())).toBe(old.id);
    expect(winner(plain, reader, young)).toBe(young.id);
    expect(winner(plain, reader)).toBe(reader.id);
  });

  it("shows the nearest miss only to a caller that proved the pinned id", () => {
    const far = publisher({ ...ID, branch: "a", environment: "b" });
    const near = publisher({ ...ID, branch: "main", environment: "b" });
    expect(nearest(far, near)).toBe(near.id);
    expect(nearest(publisher({ repository_id: "8", branch: "main" }))).toBeUndefined();
    expect(nearest(publisher({ repository: "acme/train", branch: "a" }))).toBeUndefined();
  });

  it("takes the owner's id for a proof only together with the pinned name", () => {
    expect(nearest(publisher({ repository_owner_id: "1", branch: "a" }))).toBeDefined();
    expect(nearest(publisher({ repository_owner_id: "1", repository: "acme/train", branch: "a" }))).toBeDefined();
    expect(nearest(publisher({ repository_owner_id: "1", repository: "acme/other", branch: "a" }))).toBeUndefined();
    expect(nearest(publisher({ repository_owner_id: "2", branch: "a" }))).toBeUndefined();
  });
});

describe("mismatchCodeOf", () => {
  it.each([
    ["TP1802", ["workflow"]],
    ["TP1803", ["branch", "ref"]],
    ["TP1801", ["branch", "workflow"]],
    ["TP1810", ["constructor"]],
  ])("is %s for %j", (code, claims) => {
    const checks = claims.map((claim) => ({ claim, expected: "a", got: "b", ok: false }));
    expect(mismatchCodeOf([...checks, { claim: "environment", expected: "a", got: "a", ok: true }])).toBe(code);
  });
});

describe("explainCheck", () => {
  it.each<readonly [string, unknown, string]>([
    ["x: expected a, got b", "b", "a"],
    ["x: expected a, but the token has none", undefined, "a"],
    ["x: expected the string 7, got the number 7", 7, "7"],
    ["x: expected the string a, got the array [a]", ["a"], "a"],
  ])("says %s", (sentence, got, expected) => {
    const value = got === undefined ? undefined : JSON.parse(JSON.stringify(got));
    expect(explainCheck({ claim: "x", expected, got: value, ok: false }).replaceAll('"', "")).toBe(sentence);
  });

  it("escapes what a stranger chose, and cuts it", () => {
    expect(showClaimValue("a\u200bb\r\nc\u{1f600}")).toBe("au{200b}bu{d}u{a}cu{1f600}");
    expect(showClaimValue("x".repeat(5000))).toHaveLength(120);
  });
});
