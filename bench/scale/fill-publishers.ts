import { randomBytes, randomUUID } from "node:crypto";
import path from "node:path";
import Database from "better-sqlite3";

/** What the tables of one data directory are filled with. */
export interface Filling {
  readonly publishers: number;
  readonly issuers: number;
  readonly issuerOrigin: string;
  readonly issuerUrl: (index: number) => string;
}

/** The repo of a publisher: one each, a thousand in a namespace. Also the `repository` of the job that may write to it. */
export function repositoryOf(index: number): string {
  return `org-${Math.floor(index / 1000)}/model-${index}`;
}

/**
 * Fills a stopped server's tables with issuers, repos and one publisher for each repo, in one transaction, past the audit log.
 *
 * Ids are random, as the server's are, so neighbours in the order of making are no neighbours in an index.
 */
export function fillPublishers(dataDir: string, filling: Filling): void {
  const database = new Database(path.join(dataDir, "postern.db"));
  try {
    database.pragma("synchronous = off");
    database.pragma("cache_size = -1000000");
    const issuer = database.prepare(
      "insert into issuers (id, provider, url, allow_origins, enabled) values (?, 'github', ?, ?, 1)",
    );
    const repo = database.prepare(
      `insert into repos (repo_id, repo_key, kind, namespace, name, visibility, created_at, updated_at, created_by)
       values (?, ?, 'model', ?, ?, 'public', 1795000000, 1795000000, 'acme')`,
    );
    const publisher = database.prepare(
      `insert into publishers (id, target_key, repo_kind, repo_id, namespace, repo_name, provider, issuer, claims, access, ttl_seconds,
         enabled, created_at, created_by)
       values (?, ?, 'model', ?, ?, ?, 'github', ?, ?, 'write', 3600, 1, 1795000000, 'acme')`,
    );
    const allowed = JSON.stringify([filling.issuerOrigin]);
    database.transaction(() => {
      for (let index = 0; index < filling.issuers; index++) issuer.run(randomUUID(), filling.issuerUrl(index), allowed);
      for (let index = 0; index < filling.publishers; index++) {
        const repository = repositoryOf(index);
        const [namespace = "", name = ""] = repository.split("/");
        const repoId = randomBytes(12).toString("hex");
        repo.run(repoId, `model:${repository}`, namespace, name);
        publisher.run(
          randomUUID(),
          `repo:${repoId}`,
          repoId,
          namespace,
          name,
          filling.issuerUrl(index % filling.issuers),
          claimsOf(repository),
        );
      }
    })();
    database.pragma("wal_checkpoint(truncate)");
  } finally {
    database.close();
  }
}

/** Keys in alphabetical order, as the server stores them. */
function claimsOf(repository: string): string {
  return JSON.stringify({
    branch: "main",
    repository,
    repository_id: "456789",
    repository_owner_id: "123456",
    workflow: "publish.yml",
  });
}
