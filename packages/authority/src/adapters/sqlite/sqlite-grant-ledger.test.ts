import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import type { Publisher } from "@postern/core/publisher/publisher";
import { parseRepoRef } from "@postern/core/resource/repo-ref";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewGrant, SubjectTokenUse } from "../../token-exchange/grant-ledger.ts";
import { type AuthorityDatabase, openAuthorityDatabase } from "./authority-database.ts";
import { SqliteGrantLedger } from "./sqlite-grant-ledger.ts";
import { SqlitePublisherStore } from "./sqlite-publisher-store.ts";

const NOW = epochSeconds(1_795_000_000);
const EVENT: AuditEvent = {
  event: "token.exchange",
  outcome: "allowed",
  actor: { kind: "workload", name: "https://token.actions.githubusercontent.com repo:acme/train", tokenId: undefined },
  resource: "models/acme/train",
  requestId: "r-1",
  sourceAddress: "127.0.0.1",
  detail: { publisher: "p-1" },
};

let directory: string;
let database: AuthorityDatabase;
let ledger: SqliteGrantLedger;
let publishers: SqlitePublisherStore;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "postern-ledger-"));
  database = await openAuthorityDatabase({ path: join(directory, "postern.db"), nowMs: () => NOW * 1000 });
  ledger = new SqliteGrantLedger(database);
  publishers = new SqlitePublisherStore(database);
  await publishers.add(publisher("p-1"), { ...EVENT, event: "publisher.add" });
});

afterEach(async () => {
  await database.close();
  rmSync(directory, { recursive: true });
});

describe("SqliteGrantLedger", () => {
  it("issues a grant, marks the publisher as used and writes one audit entry", async () => {
    const before = entries();
    expect(await ledger.issue(use(), grant("t-1"), EVENT)).toEqual({ kind: "issued", use: 1 });
    expect(entries()).toBe(before + 1);
    expect((await publishers.find("p-1"))?.lastUsedAt).toBe(NOW);
    expect(count("grants")).toBe(1);
  });

  it("refuses a single-use token the second time and leaves nothing behind", async () => {
    await ledger.issue(use(), grant("t-1"), EVENT);
    const before = entries();
    expect(await ledger.issue(use(), grant("t-2"), EVENT)).toEqual({ kind: "replayed", firstUsedAt: NOW });
    expect(entries()).toBe(before);
    expect(count("grants")).toBe(1);
  });

  it("gives exactly one grant to two exchanges of one token that run at once", async () => {
    const outcomes = await Promise.all(["t-1", "t-2"].map((id) => ledger.issue(use(), grant(id), EVENT)));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["issued", "replayed"]);
    expect(count("grants")).toBe(1);
  });

  it("lets two issuers use the same jti", async () => {
    await ledger.issue(use(), grant("t-1"), EVENT);
    const other = { ...use(), issuer: "https://gitlab.example" };
    expect(await ledger.issue(other, grant("t-2"), EVENT)).toEqual({ kind: "issued", use: 1 });
  });

  it("counts the uses of a bounded token and stops at the limit", async () => {
    const bounded: SubjectTokenUse = { ...use(), mode: { kind: "bounded", maxUses: 3 } };
    const outcomes = [];
    for (const id of ["t-1", "t-2", "t-3", "t-4"]) outcomes.push(await ledger.issue(bounded, grant(id), EVENT));
    expect(outcomes).toEqual([
      { kind: "issued", use: 1 },
      { kind: "issued", use: 2 },
      { kind: "issued", use: 3 },
      { kind: "replayed", firstUsedAt: NOW },
    ]);
  });

  it("refuses a bounded token for a second resource, and for a second publisher", async () => {
    const bounded: SubjectTokenUse = { ...use(), mode: { kind: "bounded", maxUses: 3 } };
    await publishers.add({ ...publisher("p-2"), access: "read" }, EVENT);
    await ledger.issue(bounded, grant("t-1"), EVENT);
    const elsewhere: NewGrant = { ...grant("t-2"), target: publisher("p-1", "repo-2").target };
    expect((await ledger.issue(bounded, elsewhere, EVENT)).kind).toBe("replayed");
    expect((await ledger.issue(bounded, { ...grant("t-3"), publisherId: "p-2" }, EVENT)).kind).toBe("replayed");
    expect(count("grants")).toBe(1);
  });

  it("does not spend the token when the publisher is gone or switched off", async () => {
    await publishers.setEnabled("p-1", false, EVENT);
    expect(await ledger.issue(use(), grant("t-1"), EVENT)).toEqual({ kind: "publisher-gone" });
    await publishers.setEnabled("p-1", true, EVENT);
    expect(await ledger.issue(use(), grant("t-1"), EVENT)).toEqual({ kind: "issued", use: 1 });
    await publishers.remove("p-1", EVENT);
    expect(await ledger.issue({ ...use(), replayKey: "jti-2" }, grant("t-2"), EVENT)).toEqual({
      kind: "publisher-gone",
    });
    expect(count("used_subject_tokens")).toBe(1);
  });

  it("writes nothing at all when the audit entry cannot be written", async () => {
    database.connection.exec("create temp trigger full before insert on audit_log begin select raise(abort, 'x'); end");
    await expect(ledger.issue(use(), grant("t-1"), EVENT)).rejects.toThrow();
    database.connection.exec("drop trigger full");
    expect(count("grants")).toBe(0);
    expect(await ledger.issue(use(), grant("t-1"), EVENT)).toEqual({ kind: "issued", use: 1 });
  });
});

function use(): SubjectTokenUse {
  return {
    issuer: "https://token.actions.githubusercontent.com",
    replayKey: "jti-1",
    retainUntil: epochSeconds(NOW + 400),
    mode: { kind: "single-use" },
  };
}

function grant(tokenId: string): NewGrant {
  return {
    tokenId,
    kind: "repo",
    tokenDigest: createHash("sha256").update(tokenId).digest(),
    publisherId: "p-1",
    target: publisher("p-1").target,
    access: "write",
    issuedAt: NOW,
    expiresAt: epochSeconds(NOW + 3600),
    origin: {
      issuer: "https://token.actions.githubusercontent.com",
      subject: "repo:acme/train:ref:refs/heads/main",
      provider: "github",
      publisherId: "p-1",
      runUrl: "https://github.com/acme/train/actions/runs/1",
    },
  };
}

function publisher(id: string, repoId = "repo-1"): Publisher {
  const repo = parseRepoRef("model", "acme", "train");
  const issuer = parseIssuerUrl("https://token.actions.githubusercontent.com");
  if (repo === undefined || issuer === undefined) throw new Error("fixture");
  return {
    id,
    target: { kind: "repo", repoId, repo },
    provider: "github",
    issuer,
    claims: { repository_id: "1", branch: "main" },
    access: "write",
    ttlSeconds: 3600,
    enabled: true,
    createdAt: NOW,
    createdBy: "ada",
    lastUsedAt: undefined,
  };
}

function count(table: string): number {
  return Number(database.connection.prepare(`select count(*) from ${table}`).pluck().get());
}

function entries(): number {
  return count("audit_log");
}
