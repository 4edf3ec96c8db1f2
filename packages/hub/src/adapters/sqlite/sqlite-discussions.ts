import type { Participant } from "@postern/core/access/discussion-access";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import type { Kysely, Selectable } from "kysely";
import type { CommentData, Discussion, DiscussionEvent, EventData } from "../../discussions/discussion.ts";
import type { DiscussionQuery, Discussions } from "../../discussions/discussions.ts";
import { parseObjectId } from "../../git/object-id.ts";
import type { HubDatabase } from "./hub-database.ts";
import type { DiscussionEventRow, DiscussionRow, HubTables } from "./hub-tables.ts";

const OPEN = ["open", "draft"] as const;
const CLOSED = ["closed", "merged"] as const;

/** Discussions in `postern.db`. */
export class SqliteDiscussions implements Discussions {
  readonly #database: HubDatabase;

  constructor(database: HubDatabase) {
    this.#database = database;
  }

  async find(repoId: string, num: number): Promise<Discussion | undefined> {
    const row = this.#database.get((db) =>
      db.selectFrom("discussions").selectAll().where("repo_id", "=", repoId).where("num", "=", num),
    );
    return row === undefined ? undefined : toDiscussion(row);
  }

  async list(
    repoId: string,
    { type, status, author, skip, limit }: DiscussionQuery,
  ): Promise<{ discussions: readonly Discussion[]; count: number }> {
    const statuses = status === undefined ? [...OPEN, ...CLOSED] : status === "open" ? OPEN : CLOSED;
    const matching = (db: Kysely<HubTables>) => {
      let query = db.selectFrom("discussions").where("repo_id", "=", repoId).where("status", "in", statuses);
      if (type !== undefined) query = query.where("target", type === "discussion" ? "is" : "is not", null);
      if (author === undefined) return query;
      return query.where(({ eb, fn }) => eb(fn("lower", ["author_name"]), "=", author.toLowerCase()));
    };
    const counted = this.#database.get((db) => matching(db).select(({ fn }) => fn.countAll<number>().as("count")));
    const rows = this.#database.all((db) => matching(db).selectAll().orderBy("num", "desc").limit(limit).offset(skip));
    return { discussions: rows.map(toDiscussion), count: counted?.count ?? 0 };
  }

  async lastNumber(repoId: string): Promise<number> {
    return this.#lastNumber(repoId);
  }

  async openOf(repoId: string, author: string): Promise<number> {
    const row = this.#database.get((db) =>
      db
        .selectFrom("discussions")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .where("repo_id", "=", repoId)
        .where(({ eb, fn }) => eb(fn("lower", ["author_name"]), "=", author.toLowerCase()))
        .where("author_kind", "=", "user")
        .where("status", "in", OPEN),
    );
    return row?.count ?? 0;
  }

  async events(repoId: string, num: number): Promise<readonly DiscussionEvent[]> {
    return this.#database
      .all((db) =>
        db
          .selectFrom("discussion_events")
          .selectAll()
          .where("repo_id", "=", repoId)
          .where("num", "=", num)
          .orderBy("seq"),
      )
      .map(toEvent);
  }

  async countEvents(repoId: string, num: number): Promise<number> {
    const row = this.#database.get((db) =>
      db
        .selectFrom("discussion_events")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .where("repo_id", "=", repoId)
        .where("num", "=", num),
    );
    return row?.count ?? 0;
  }

  async create(
    repoId: string,
    discussion: Discussion,
    first: DiscussionEvent,
  ): Promise<"created" | "taken" | "missing"> {
    return this.#database.write(() => {
      const repo = this.#database.get((db) => db.selectFrom("repos").select("repo_id").where("repo_id", "=", repoId));
      if (repo === undefined) return "missing";
      if (discussion.num <= this.#lastNumber(repoId)) return "taken";
      this.#database.run((db) =>
        db.insertInto("discussions").values({
          repo_id: repoId,
          num: discussion.num,
          author_kind: discussion.author.kind,
          author_name: discussion.author.name,
          created_at: discussion.createdAt,
          ...changeable(discussion),
          target: discussion.pull?.target ?? null,
        }),
      );
      this.#insert(repoId, discussion.num, first);
      return "created";
    });
  }

  async update(
    repoId: string,
    discussion: Discussion,
    expected: Discussion["status"],
    events: readonly DiscussionEvent[],
  ): Promise<"stored" | "changed"> {
    return this.#database.write(() => {
      const changes = this.#database.run((db) =>
        db
          .updateTable("discussions")
          .set(changeable(discussion))
          .where("repo_id", "=", repoId)
          .where("num", "=", discussion.num)
          .where("status", "=", expected),
      );
      if (changes !== 1) return "changed";
      for (const event of events) this.#insert(repoId, discussion.num, event);
      return "stored";
    });
  }

  async add(repoId: string, num: number, event: DiscussionEvent): Promise<"stored" | "missing"> {
    return this.#database.write(() => {
      const row = this.#database.get((db) =>
        db.selectFrom("discussions").select("num").where("repo_id", "=", repoId).where("num", "=", num),
      );
      if (row === undefined) return "missing";
      this.#insert(repoId, num, event);
      return "stored";
    });
  }

  async changeComment(repoId: string, num: number, eventId: string, data: CommentData): Promise<"stored" | "missing"> {
    return this.#database.write(() => {
      const row = this.#database.get((db) =>
        db
          .selectFrom("discussion_events")
          .selectAll()
          .where("event_id", "=", eventId)
          .where("repo_id", "=", repoId)
          .where("num", "=", num),
      );
      const present = row === undefined ? undefined : toEvent(row).data;
      if (present?.type !== "comment" || present.hidden) return "missing";
      this.#database.run((db) =>
        db
          .updateTable("discussion_events")
          .set({ data: JSON.stringify(data) })
          .where("event_id", "=", eventId),
      );
      return "stored";
    });
  }

  #lastNumber(repoId: string): number {
    const row = this.#database.get((db) =>
      db.selectFrom("discussions").select("num").where("repo_id", "=", repoId).orderBy("num", "desc").limit(1),
    );
    return row?.num ?? 0;
  }

  #insert(repoId: string, num: number, { id, author, createdAt, data }: DiscussionEvent): void {
    this.#database.run((db) =>
      db.insertInto("discussion_events").values({
        event_id: id,
        repo_id: repoId,
        num,
        author_kind: author.kind,
        author_name: author.name,
        created_at: createdAt,
        data: JSON.stringify(data),
      }),
    );
  }
}

function changeable({
  title,
  status,
  pull,
}: Discussion): Pick<DiscussionRow, "title" | "status" | "merge_base" | "merge_commit"> {
  return { title, status, merge_base: pull?.merged?.base ?? null, merge_commit: pull?.merged?.commit ?? null };
}

function toDiscussion(row: DiscussionRow): Discussion {
  const base = parseObjectId(row.merge_base ?? "");
  const commit = parseObjectId(row.merge_commit ?? "");
  const merged = base === undefined || commit === undefined ? undefined : { base, commit };
  return {
    num: row.num,
    title: row.title,
    status: row.status,
    author: authorOf(row),
    createdAt: epochSeconds(row.created_at),
    pull: row.target === null ? undefined : { target: row.target, merged },
  };
}

function toEvent(row: Selectable<DiscussionEventRow>): DiscussionEvent {
  const data: EventData = JSON.parse(row.data);
  return { id: row.event_id, author: authorOf(row), createdAt: epochSeconds(row.created_at), data };
}

function authorOf({ author_kind, author_name }: Pick<DiscussionRow, "author_kind" | "author_name">): Participant {
  return { kind: author_kind, name: author_name };
}
