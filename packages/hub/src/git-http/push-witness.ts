import type { Principal } from "@postern/core/access/principal";
import type { ObjectId } from "../git/object-id.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";

/** One ref that is about to move because of a push. */
export interface AcceptedMove {
  readonly repo: StoredRepo;
  /** Full. */
  readonly ref: string;
  readonly old: ObjectId | undefined;
  readonly new: ObjectId | undefined;
  readonly principal: Principal;
}

/**
 * Port: learns of a push when its objects are in the repo and its audit entry is durable, before any ref moves.
 *
 * What it throws refuses the push; nothing has moved then.
 */
export type PushWitness = (moves: readonly AcceptedMove[]) => Promise<void>;
