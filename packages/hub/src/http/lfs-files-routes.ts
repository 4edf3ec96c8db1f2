import { createHash } from "node:crypto";
import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { AuditLog } from "../access/audit-log.ts";
import { formatLfsPointer } from "../git/lfs-pointer.ts";
import { type ObjectId, parseObjectId } from "../git/object-id.ts";
import { deleteLfsFiles } from "../lfs/delete-lfs-files.ts";
import type { HeldObject, LfsFiles } from "../lfs/lfs-files.ts";
import { type LfsOid, parseLfsOid } from "../lfs/lfs-oid.ts";
import { nextLink } from "./next-link.ts";
import { openRequestedRepo, originOf, type RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";

/** The Python client sends as many at a time. */
const MAX_DELETIONS = 1000;

export interface LfsFilesRoutesDeps extends RepoAccessDeps {
  readonly lfsFiles: LfsFiles;
  readonly audit: AuditLog;
}

/** `GET …/lfs-files` and `POST …/lfs-files/batch` (hub-wire §7.5). */
export function registerLfsFilesRoutes(app: FastifyInstance, deps: LfsFilesRoutesDeps): void {
  for (const kind of REPO_KINDS) {
    const base = `/api/${pluralOf(kind)}/:namespace/:name/lfs-files`;
    app.get(base, async (request, reply) => {
      // Not for readers: it also names files of branches and commits that are gone.
      const { repo, git } = await openRequestedRepo(deps, kind, request, "write");
      const query = RequestFields.of(request.query);
      const limit = query.count("limit", { fallback: 100, max: 1000 });
      const after = query.optionalText("cursor");
      const objects = await deps.lfsFiles.listLinked(repo.repoId, { after, limit: limit + 1 });
      const page = objects.slice(0, limit).map((object) => ({ object, blob: pointerBlobOf(object) }));
      const paths = await git.pathsOfBlobs(new Set(page.map(({ blob }) => blob)));
      const last = page.at(-1);
      if (objects.length > limit && last !== undefined) {
        const path = `/api/${pluralOf(kind)}/${repoIdOf(repo.repo)}/lfs-files`;
        const next = { limit: String(limit), cursor: last.object.oid };
        reply.header("link", nextLink(originOf(request), path, next));
      }
      return reply.send(
        page.map(({ object: { oid, size, linkedAt }, blob }) => ({
          // What a deletion names; we need no other name for it than its hash.
          fileOid: oid,
          oid,
          filename: paths.get(blob) ?? "",
          size,
          pushedAt: toIsoTime(linkedAt),
          ref: null,
        })),
      );
    });

    app.post(`${base}/batch`, { config: { audit: { event: "lfs.delete" } } }, async (request, reply) => {
      const { caller, repo } = await openRequestedRepo(deps, kind, request, "admin");
      const deletions = RequestFields.of(request.body).record("deletions");
      const oids = [...new Set(deletions.texts("sha").map(requiredOid))];
      if (oids.length > MAX_DELETIONS) throw new HubError(400, "BadRequest", `At most ${MAX_DELETIONS} at a time.`);
      const deleted = await deleteLfsFiles(deps, caller, repo, oids);
      if (deletions.flag("rewriteHistory")) {
        reply.header(
          "x-hf-warning",
          "lfs-files; The files are gone, their pointers stay in history: commits keep their ids.",
        );
      }
      return reply.send({ deleted });
    });
  }
}

function requiredOid(text: string): LfsOid {
  const oid = parseLfsOid(text);
  if (oid === undefined) throw new HubError(400, "BadRequest", 'Each "sha" must be 64 lower-case hexadecimal digits.');
  return oid;
}

/** The id of the blob that stands for the object in git. */
function pointerBlobOf({ oid, size }: HeldObject): ObjectId {
  const text = formatLfsPointer({ oid, size });
  const blob = parseObjectId(createHash("sha1").update(`blob ${text.length}\0${text}`).digest("hex"));
  if (blob === undefined) throw new Error("unreachable: SHA-1 is 40 hex digits");
  return blob;
}
