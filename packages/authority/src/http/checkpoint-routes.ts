import { ApiError } from "@postern/core/error/api-error";
import type { FastifyInstance } from "fastify";
import { requireReadingAdministrator } from "../accounts/caller.ts";
import type { Identifier } from "../accounts/identify.ts";
import type { SignedCheckpoint } from "../audit/checkpoint/checkpointer.ts";
import { type NoteKey, noteKeyText } from "../audit/checkpoint/note-key.ts";
import { consistencyProof, inclusionProof, type SubtreeReader } from "../audit/merkle/merkle-proof.ts";
import { callerOf } from "./caller-of.ts";
import { countParameter } from "./query-parameter.ts";

const PATH = "/api/postern/v1/audit";

export interface CheckpointRoutesDeps {
  readonly identifier: Identifier;
  readonly latest: () => SignedCheckpoint | undefined;
  readonly key: NoteKey;
  readonly readSubtree: SubtreeReader;
}

/**
 * Adds the newest checkpoint and the key that signed it, for everybody (whoever keeps a copy can hold the log to it; it tells no more than
 * how many entries there are), and proofs for administrators.
 */
export function registerCheckpointRoutes(app: FastifyInstance, deps: CheckpointRoutesDeps): void {
  app.get(`${PATH}/checkpoint`, async (_request, reply) =>
    reply.type("text/plain; charset=utf-8").header("cache-control", "no-store").send(newestOf(deps).note),
  );
  app.get(`${PATH}/checkpoint-key`, async (_request, reply) =>
    reply.type("text/plain; charset=utf-8").send(`${noteKeyText(deps.key)}\n`),
  );
  app.get(`${PATH}/proof`, async (request, reply) => {
    requireReadingAdministrator(await callerOf(request, deps.identifier));
    const seq = countParameter(request.query, "seq");
    const from = countParameter(request.query, "from");
    const newest = newestOf(deps);
    const size = countParameter(request.query, "size") ?? newest.size;
    if ((seq === undefined) === (from === undefined))
      throw new ApiError("invalid_field", "Either seq (of an entry) or from (a smaller log) must be given.", {
        remedy: "For example ?seq=12 or ?from=1000&size=2000.",
      });
    const asked = seq ?? from ?? 0;
    if (asked < 1 || asked > size || size > newest.size)
      throw new ApiError("invalid_field", `Proofs go from 1 to ${newest.size}, the size of the newest checkpoint.`, {
        remedy: "A checkpoint of the newest entries is made within a minute.",
      });
    const proof =
      seq === undefined
        ? await consistencyProof(asked, size, deps.readSubtree)
        : await inclusionProof(asked - 1, size, deps.readSubtree);
    reply.header("cache-control", "no-store");
    const hashes = proof.map((hash) => Buffer.from(hash).toString("base64"));
    return seq === undefined ? { from: asked, size, hashes } : { seq: asked, index: asked - 1, size, hashes };
  });
}

function newestOf({ latest }: CheckpointRoutesDeps): SignedCheckpoint {
  const newest = latest();
  if (newest === undefined)
    throw new ApiError("not_found", "No checkpoint was made yet.", { remedy: "Ask again in a minute." });
  return newest;
}
