import type { Principal } from "@postern/core/access/principal";
import type { Visibility } from "@postern/core/access/repo-access";
import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import { parseRepoRef, type RepoRef, repoIdOf, repoPathOf } from "@postern/core/resource/repo-ref";
import type { FastifyInstance } from "fastify";
import { openRepoForChange } from "../access/open-repo-for-change.ts";
import { refuseLongLines } from "../commits/check-attributes.ts";
import { parseEntryPath } from "../git/entry-path.ts";
import { afterRefsMoved } from "../repos/after-refs-moved.ts";
import {
  changeDisabled,
  changeGate,
  changeTrustedPublishingOnly,
  changeVisibility,
  deleteRepo,
} from "../repos/change-repo.ts";
import { createRepo } from "../repos/create-repo.ts";
import type { FirstFile } from "../repos/first-commit.ts";
import { type MoveDependencies, moveRepo } from "../repos/move-repo.ts";
import { callerOf, openRequestedRepo, originOf, type RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";

/** JavaScript's `createRepo` may carry the first files. */
const CREATE_BODY_BYTES = 16 * 1024 * 1024;
const MAX_FIRST_FILES = 100;

/** `POST /api/repos/create`, `POST /api/repos/move`, `DELETE /api/repos/delete`, `PUT /api/{kind}s/{repo}/settings` (hub-wire §4). */
export function registerRepoRoutes(app: FastifyInstance, deps: RepoAccessDeps & MoveDependencies): void {
  app.post(
    "/api/repos/create",
    { bodyLimit: CREATE_BODY_BYTES, config: { audit: { event: "repo.create" } } },
    async (request, reply) => {
      const caller = await callerOf(deps.gatekeeper, request);
      const fields = RequestFields.of(request.body);
      const wanted = namedRepo(fields, caller.principal);
      if (wanted === undefined) throw badName();
      const { kind, repo } = await createRepo(deps, caller, {
        repo: wanted,
        visibility: visibilityOf(fields) ?? "public",
        files: firstFiles(fields, wanted),
      });
      const url = `${originOf(request)}/${repoPathOf(repo.repo)}`;
      // `hf upload` begins with this call even where the repo exists, and reads `url` from the 409 (hub-wire §0, 1).
      if (kind === "exists") {
        throw new HubError(409, "RepoExists", "You already created this repo", { body: { url } });
      }
      await afterRefsMoved(deps, repo, ["refs/heads/main"]);
      return reply.send({ url, name: repoIdOf(repo.repo), id: repo.repoId });
    },
  );

  app.delete("/api/repos/delete", { config: { audit: { event: "repo.delete" } } }, async (request, reply) => {
    const caller = await callerOf(deps.gatekeeper, request);
    const wanted = namedRepo(RequestFields.of(request.body), caller.principal);
    await deleteRepo(deps, caller, await openRepoForChange(deps, caller, wanted, "admin"));
    return reply.send({});
  });

  app.post("/api/repos/move", { config: { audit: { event: "repo.move" } } }, async (request, reply) => {
    const caller = await callerOf(deps.gatekeeper, request);
    const fields = RequestFields.of(request.body);
    const kind = kindOf(fields);
    const repo = await openRepoForChange(deps, caller, wholeName(kind, fields.text("fromRepo")), "admin");
    const wanted = wholeName(kind, fields.text("toRepo"));
    if (wanted === undefined) throw badName();
    const moved = await moveRepo(deps, caller, repo, wanted);
    return reply.send({ url: `${originOf(request)}/${repoPathOf(moved)}`, id: repo.repoId, name: repoIdOf(moved) });
  });

  for (const kind of REPO_KINDS) {
    app.post(
      `/api/${pluralOf(kind)}/:namespace/:name/duplicate`,
      { config: { audit: { event: "repo.duplicate" } } },
      async (request, reply) => {
        const { caller, repo: source } = await openRequestedRepo(deps, kind, request, "files");
        const fields = RequestFields.of(request.body);
        const name = fields.text("repository");
        const wanted = name.includes("/")
          ? wholeName(kind, name)
          : parseRepoRef(kind, ownNamespace(caller.principal), name);
        if (wanted === undefined) throw badName();
        // A copy has no gate of its own yet, so unasked it is for its owner alone.
        const unasked = source.gated === undefined ? source.visibility : "private";
        const visibility = visibilityOf(fields) ?? unasked;
        const { kind: outcome, repo } = await createRepo(deps, caller, {
          repo: wanted,
          visibility,
          files: [],
          copyOf: source,
        });
        const url = `${originOf(request)}/${repoPathOf(repo.repo)}`;
        // Python reads `url` from the 409 where `exist_ok` is set.
        if (outcome === "exists")
          throw new HubError(409, "RepoExists", "A repo of this name exists.", { body: { url } });
        await afterRefsMoved(deps, repo, ["refs/heads/main"]);
        return reply.send({ url, name: repoIdOf(repo.repo), id: repo.repoId });
      },
    );
    app.put(
      `/api/${pluralOf(kind)}/:namespace/:name/settings`,
      { config: { audit: { event: "repo.settings" } } },
      async (request, reply) => {
        const { caller, repo } = await openRequestedRepo(deps, kind, request, "admin");
        const fields = RequestFields.of(request.body);
        const visibility = visibilityOf(fields) ?? repo.visibility;
        const gated = fields.optionalGate() ?? repo.gated ?? false;
        const only = fields.optionalFlag("trustedPublishingOnly") ?? repo.trustedPublishingOnly === true;
        const disabled = fields.optionalFlag("disabled") ?? repo.disabled === true;
        // First, because others may not be allowed to do it: then nothing is changed.
        if (disabled !== (repo.disabled === true)) await changeDisabled(deps, caller, repo, disabled);
        const before = repo.gated ?? false;
        // Whatever closes comes before whatever opens: public and gated at once, or private and open, is never open in between.
        if (gated !== before && gated !== false) await changeGate(deps, caller, repo, gated);
        if (visibility !== repo.visibility) await changeVisibility(deps, caller, repo, visibility);
        if (gated !== before && gated === false) await changeGate(deps, caller, repo, undefined);
        if (only !== (repo.trustedPublishingOnly === true)) await changeTrustedPublishingOnly(deps, caller, repo, only);
        return reply.send({
          visibility,
          private: visibility === "private",
          gated,
          trustedPublishingOnly: only,
          disabled,
        });
      },
    );
  }
}

/** `undefined` when the fields name no possible repo. @throws {HubError} 400 for an unknown type. */
function namedRepo(fields: RequestFields, principal: Principal): RepoRef | undefined {
  const kind = kindOf(fields);
  const name = fields.text("name");
  if (name.includes("/")) return wholeName(kind, name);
  return parseRepoRef(kind, fields.optionalText("organization") ?? ownNamespace(principal), name);
}

/** @throws {HubError} 400 for an unknown type. */
function kindOf(fields: RequestFields): RepoKind {
  const type = fields.optionalText("type") ?? "model";
  const kind = REPO_KINDS.find((known) => known === type);
  if (kind !== undefined) return kind;
  throw new HubError(400, "BadRequest", `The field "type" must be one of ${REPO_KINDS.join(", ")}.`);
}

/** `namespace/name`; `undefined` when it names no possible repo. */
function wholeName(kind: RepoKind, id: string): RepoRef | undefined {
  const slash = id.indexOf("/");
  return slash < 0 ? undefined : parseRepoRef(kind, id.slice(0, slash), id.slice(slash + 1));
}

function badName(): HubError {
  return new HubError(400, "BadRequest", "Invalid repo name. Use letters, digits, '-', '_' and '.', 96 at most.");
}

function ownNamespace(principal: Principal): string {
  switch (principal.kind) {
    case "user":
    case "user-workload":
      return principal.name;
    case "repo-workload":
      return principal.repo.namespace;
    case "anonymous":
      return "";
  }
}

/** `protected` (spaces) hides the files; we have nothing between public and private, and the strict one is safe. */
function visibilityOf(fields: RequestFields): Visibility | undefined {
  const visibility = fields.optionalText("visibility");
  switch (visibility) {
    case "public":
    case "private":
      return visibility;
    case "protected":
      return "private";
    case undefined:
      return fields.has("private") ? (fields.flag("private") ? "private" : "public") : undefined;
    default:
      throw new HubError(400, "BadRequest", 'The field "visibility" must be "public" or "private".');
  }
}

function firstFiles(fields: RequestFields, repo: RepoRef): readonly FirstFile[] {
  const files = fields.records("files", MAX_FIRST_FILES).map((file) => ({
    path: parseEntryPath(file.text("path")),
    content: Buffer.from(file.text("content"), file.optionalText("encoding") === "base64" ? "base64" : "utf8"),
  }));
  const card = cardOf(repo.kind, fields, repo.name);
  for (const { path, content } of files) refuseLongLines(path, content);
  if (card === undefined || files.some(({ path }) => path === "README.md")) return files;
  return [...files, { path: "README.md", content: Buffer.from(card) }];
}

/** The front matter that a space cannot do without, or that carries a licence. */
function cardOf(kind: RepoKind, fields: RequestFields, name: string): string | undefined {
  const lines: string[] = [];
  const license = fields.optionalText("license");
  if (license !== undefined && /^[a-z0-9.+-]{1,64}$/.test(license)) lines.push(`license: ${license}`);
  if (kind === "space") {
    const sdk = fields.optionalText("sdk") ?? "static";
    if (!/^[a-z]{1,32}$/.test(sdk)) throw new HubError(400, "BadRequest", 'The field "sdk" is not known.');
    lines.push(`title: ${JSON.stringify(name)}`, `sdk: ${sdk}`);
  }
  return lines.length === 0 ? undefined : `---\n${lines.join("\n")}\n---\n`;
}
