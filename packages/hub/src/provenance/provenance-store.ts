import type { ObjectId } from "../git/object-id.ts";

/** A signed statement about one move of one ref. */
export interface NewStatement {
  readonly repoId: string;
  /** The commits that it vouches for, newest first. */
  readonly commits: readonly ObjectId[];
  /** A DSSE envelope as JSON text. */
  readonly envelope: string;
}

export interface StoredStatement extends NewStatement {
  readonly id: number;
}

/** Port: the statements of all repos. Those of a repo go with it. */
export interface ProvenanceStore {
  /** Resolves when durable. */
  add(statement: NewStatement): Promise<void>;
  /** The newest envelope for each of these commits that has one. */
  find(repoId: string, commits: readonly ObjectId[]): Promise<ReadonlyMap<string, string>>;
  /** Repos with statements that their git notes do not carry yet. */
  reposToNote(): Promise<readonly string[]>;
  /** Statements that the notes do not carry yet, oldest first. */
  toNote(repoId: string, limit: number): Promise<readonly StoredStatement[]>;
  markNoted(ids: readonly number[]): Promise<void>;
}
