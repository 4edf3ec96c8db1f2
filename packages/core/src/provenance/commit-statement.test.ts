import { expect, test } from "vitest";
import { type CommitStatement, formatStatement, parseStatement } from "./commit-statement.ts";
import { parseEnvelope, preAuthEncoding } from "./dsse.ts";

const statement: CommitStatement = {
  commits: ["a".repeat(40), "b".repeat(40)],
  predicate: {
    hub: "https://hub.example",
    repo: "models/acme/train",
    repoId: "0".repeat(24),
    ref: "refs/heads/main",
    before: null,
    after: "a".repeat(40),
    through: "api",
    by: {
      kind: "workload",
      provider: "github",
      issuer: "https://token.actions.githubusercontent.com",
      subject: "repo:acme/train:ref:refs/heads/main",
      publisherId: "p1",
      tokenId: "t1",
      runUrl: null,
      source: { repository: "acme/train" },
    },
    at: "2026-11-21T12:00:00.000Z",
    requestId: "r1",
  },
};

test("a statement is read back as it was written", () => {
  expect(parseStatement(formatStatement(statement))).toEqual(statement);
});

test.each([
  ["of another type", { _type: "https://in-toto.io/Statement/v0.1" }],
  ["with another predicate", { predicateType: "https://slsa.dev/provenance/v1" }],
  ["about no commit", { subject: [] }],
  ["about another commit", { subject: [{ name: "models/acme/train", digest: { gitCommit: "c".repeat(40) } }] }],
  ["whose subject has another name", { subject: [{ name: "models/acme/x", digest: { gitCommit: "a".repeat(40) } }] }],
  ["whose subject has no commit id", { subject: [{ name: "models/acme/train", digest: { sha256: "aa" } }] }],
  ["without a predicate", { predicate: null }],
])("a statement %s is not one of ours", (_what, change) => {
  const json: unknown = JSON.parse(formatStatement(statement));
  expect(parseStatement(JSON.stringify(Object.assign({}, json, change)))).toBeUndefined();
});

test("the signed octets are those of the DSSE specification's example", () => {
  const octets = preAuthEncoding("http://example.com/HelloWorld", new TextEncoder().encode("hello world"));
  expect(new TextDecoder().decode(octets)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

test("an envelope with a signature of another shape is refused", () => {
  const good = { payloadType: "t", payload: "cA==", signatures: [{ keyid: "k", sig: "cw==" }] };
  expect(parseEnvelope(good)).toEqual(good);
  expect(parseEnvelope({ ...good, signatures: [{ keyid: 1, sig: "cw==" }] })).toBeUndefined();
  expect(parseEnvelope({ ...good, payload: undefined })).toBeUndefined();
});
