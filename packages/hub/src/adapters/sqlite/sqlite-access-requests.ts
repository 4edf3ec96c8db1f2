import { ACCESS_REQUEST_STATUSES, type AccessRequestStatus } from "@postern/core/access/file-access";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { AccessRequest, AccessRequestPage, AccessRequests } from "../../gates/access-requests.ts";
import type { HubDatabase } from "./hub-database.ts";
import type { AccessRequestRow } from "./hub-tables.ts";

/** Access requests in `postern.db`. */
export class SqliteAccessRequests implements AccessRequests {
  readonly #database: HubDatabase;

  constructor(database: HubDatabase) {
    this.#database = database;
  }

  async find(repoId: string, user: string): Promise<AccessRequest | undefined> {
    const row = this.#row(repoId, user);
    return row === undefined ? undefined : toAccessRequest(row);
  }

  async list(
    repoId: string,
    { status, after, limit }: { status: AccessRequestStatus | undefined; after: string | undefined; limit: number },
  ): Promise<AccessRequestPage> {
    const start = after === undefined ? undefined : this.#row(repoId, after);
    const rows = this.#database.all((db) => {
      let query = db
        .selectFrom("access_requests")
        .selectAll()
        .where("repo_id", "=", repoId)
        .where("status", "in", status === undefined ? ACCESS_REQUEST_STATUSES : [status])
        .orderBy("requested_at")
        .orderBy("user_key")
        .limit(limit + 1);
      if (start !== undefined) {
        query = query.where(({ eb, or, and }) =>
          or([
            eb("requested_at", ">", start.requested_at),
            and([eb("requested_at", "=", start.requested_at), eb("user_key", ">", start.user_key)]),
          ]),
        );
      }
      return query;
    });
    const shown = rows.slice(0, limit);
    return {
      requests: shown.map(toAccessRequest),
      next: rows.length > limit ? shown.at(-1)?.user_key : undefined,
    };
  }

  async put(
    repoId: string,
    request: AccessRequest,
    expected: AccessRequestStatus | undefined,
  ): Promise<"stored" | "changed"> {
    const values = {
      user_name: request.user,
      fullname: request.fullname,
      email: request.email ?? null,
      status: request.status,
      requested_at: request.requestedAt,
      reviewed_at: request.reviewedAt ?? null,
      granted_by: request.grantedBy ?? null,
      rejection_reason: request.rejectionReason ?? null,
      fields: request.fields === undefined ? null : JSON.stringify(request.fields),
    };
    const user_key = request.user.toLowerCase();
    return this.#database.write(() => {
      if (this.#row(repoId, user_key)?.status !== expected) return "changed";
      if (expected !== undefined) {
        this.#database.run((db) =>
          db.updateTable("access_requests").set(values).where("repo_id", "=", repoId).where("user_key", "=", user_key),
        );
        return "stored";
      }
      const repo = this.#database.get((db) => db.selectFrom("repos").select("repo_id").where("repo_id", "=", repoId));
      if (repo === undefined) return "changed";
      this.#database.run((db) => db.insertInto("access_requests").values({ repo_id: repoId, user_key, ...values }));
      return "stored";
    });
  }

  async remove(repoId: string, user: string, expected: AccessRequestStatus): Promise<"removed" | "changed"> {
    const changes = this.#database.run((db) =>
      db
        .deleteFrom("access_requests")
        .where("repo_id", "=", repoId)
        .where("user_key", "=", user.toLowerCase())
        .where("status", "=", expected),
    );
    return changes === 1 ? "removed" : "changed";
  }

  #row(repoId: string, user: string): AccessRequestRow | undefined {
    return this.#database.get((db) =>
      db
        .selectFrom("access_requests")
        .selectAll()
        .where("repo_id", "=", repoId)
        .where("user_key", "=", user.toLowerCase()),
    );
  }
}

function toAccessRequest(row: AccessRequestRow): AccessRequest {
  return {
    user: row.user_name,
    fullname: row.fullname,
    email: row.email ?? undefined,
    status: row.status,
    requestedAt: epochSeconds(row.requested_at),
    reviewedAt: row.reviewed_at === null ? undefined : epochSeconds(row.reviewed_at),
    grantedBy: row.granted_by ?? undefined,
    rejectionReason: row.rejection_reason ?? undefined,
    fields: row.fields === null ? undefined : JSON.parse(row.fields),
  };
}
