import { pluralOf, REPO_KINDS } from "@postern/core/resource/repo-kind";
import type { FastifyInstance } from "fastify";
import { LfsAttributes, MAX_ATTRIBUTES_BYTES } from "../commits/git-attributes.ts";
import { GitIgnore } from "../commits/git-ignore.ts";
import { uploadModeOf } from "../commits/upload-mode.ts";
import type { Discussions } from "../discussions/discussions.ts";
import { parseEntryPath } from "../git/entry-path.ts";
import type { GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import { describeEntry } from "./describe-entry.ts";
import type { RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";
import { requestedCommit } from "./request-repo.ts";
import { openWritableRevision } from "./writable-revision.ts";

const MAX_FILES = 1000;
const BODY_BYTES = 8 * 1024 * 1024;

/** `POST …/preupload/{rev}`: which files go through LFS, and which are there already (hub-wire §7.1). */
export function registerPreuploadRoutes(
  app: FastifyInstance,
  deps: RepoAccessDeps & { readonly lfs: LfsObjects; readonly discussions: Pick<Discussions, "find"> },
): void {
  for (const kind of REPO_KINDS) {
    app.post(
      `/api/${pluralOf(kind)}/:namespace/:name/preupload/*`,
      { bodyLimit: BODY_BYTES, config: { audit: { none: "it only answers how files should be sent" } } },
      async (request, reply) => {
        const { git, tail } = await openWritableRevision(deps, kind, request);
        const { commit } = await requestedCommit(git, tail);
        const fields = RequestFields.of(request.body);
        const attributes = LfsAttributes.parse(
          fields.optionalText("gitAttributes") ?? (await attributesAt(git, commit)),
        );
        const ignore = GitIgnore.parse(fields.optionalText("gitIgnore") ?? "");
        const files: Record<string, unknown>[] = [];
        for (const file of fields.records("files", MAX_FILES)) {
          const path = parseEntryPath(file.text("path"));
          const sample = Buffer.from(file.optionalText("sample") ?? "", "base64");
          files.push({
            path,
            uploadMode: uploadModeOf(attributes.isLfs(path), file.size("size"), sample),
            shouldIgnore: ignore.ignores(path),
            oid: await currentContent(git, deps.lfs, commit, path),
          });
        }
        return reply.send({ files });
      },
    );
  }
}

async function attributesAt(git: GitRepository, commit: ObjectId): Promise<string> {
  const entry = await git.entryAt(commit, ".gitattributes");
  const content = entry?.type === "file" ? await git.readBlob(entry.oid, MAX_ATTRIBUTES_BYTES) : undefined;
  return content?.toString("utf8") ?? "";
}

/** What clients compare their file with: the SHA-256 of an LFS file, the blob id of any other. */
async function currentContent(
  git: GitRepository,
  lfs: LfsObjects,
  commit: ObjectId,
  path: string,
): Promise<string | null> {
  const entry = await git.entryAt(commit, path);
  if (entry?.type !== "file") return null;
  return (await describeEntry(git, lfs, entry)).lfs?.oid ?? entry.oid;
}
