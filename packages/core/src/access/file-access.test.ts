import { describe, expect, it } from "vitest";
import { parseAccountName } from "../resource/account-name.ts";
import { parseRepoRef } from "../resource/repo-ref.ts";
import { epochSeconds } from "../time/epoch-seconds.ts";
import { ACCESS_REQUEST_STATUSES, decideFileAccess } from "./file-access.ts";
import type { Principal, UserPrincipal } from "./principal.ts";
import type { GuardedRepo } from "./repo-access.ts";

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("missing");
  return value;
}

const repo = must(parseRepoRef("model", "acme", "gated"));
const GATED: GuardedRepo = { repo, repoId: "1", visibility: "public", gated: "manual" };

const person = (change: Partial<UserPrincipal> = {}): UserPrincipal => ({
  kind: "user",
  name: must(parseAccountName("eve")),
  fullname: "Eve",
  email: undefined,
  isAdmin: false,
  memberships: [],
  tokenId: "t",
  tokenName: "t",
  tokenRole: "read",
  ...change,
});
const origin = {
  issuer: "https://i",
  subject: "s",
  provider: "github",
  publisherId: "p",
  runUrl: undefined,
  source: {},
};
const expiresAt = epochSeconds(4e9);
const job = (repoId: string): Principal => {
  return { kind: "repo-workload", tokenId: "t", repo, repoId, access: "read", expiresAt, origin };
};
const usersJob = (name: string): Principal => {
  const account = must(parseAccountName(name));
  return { kind: "user-workload", tokenId: "t", name: account, scopes: ["gated-repos"], expiresAt, origin };
};
const org = must(parseAccountName("acme"));

describe("the files of a gated repo", () => {
  it.each([
    ["nobody", { kind: "anonymous" }, "anonymous"],
    ["a stranger", person(), "not-asked"],
    ["a job of another repo", job("2"), "other-repo"],
    ["a job of the repo that had the name before", job("0"), "other-repo"],
    ["a stranger's job", usersJob("eve"), "not-asked"],
  ] satisfies [string, Principal, string][])("are closed to %s", (_who, principal, why) => {
    expect(decideFileAccess(principal, GATED, undefined)).toEqual({ kind: "gated", why });
  });

  it.each([
    ["a member who reads", person({ memberships: [{ org, role: "read" }] })],
    ["the namespace's own person", person({ name: org })],
    ["an administrator", person({ isAdmin: true })],
    ["a job of the repo", job("1")],
    ["a job of the namespace's own person", usersJob("ACME")],
  ] satisfies [string, Principal][])("are open to %s without asking", (_who, principal) => {
    expect(decideFileAccess(principal, GATED, undefined)).toEqual({ kind: "allow" });
  });

  it.each(ACCESS_REQUEST_STATUSES)("follow a request that is %s, for a person and for their job", (status) => {
    const expected = status === "accepted" ? { kind: "allow" } : { kind: "gated", why: status };
    expect(decideFileAccess(person(), GATED, status)).toEqual(expected);
    expect(decideFileAccess(usersJob("eve"), GATED, status)).toEqual(expected);
  });

  it("stay hidden where the repo is private, whatever was granted", () => {
    const hidden: GuardedRepo = { ...GATED, visibility: "private" };
    for (const principal of [person(), usersJob("eve"), job("2")])
      expect(decideFileAccess(principal, hidden, "accepted")).toEqual({ kind: "hidden", anonymous: false });
    expect(decideFileAccess({ kind: "anonymous" }, hidden, "accepted")).toEqual({ kind: "hidden", anonymous: true });
  });

  it("are open to everybody where there is no gate", () => {
    const open: GuardedRepo = { repo, repoId: "1", visibility: "public" };
    expect(decideFileAccess({ kind: "anonymous" }, open, "rejected")).toEqual({ kind: "allow" });
  });
});
