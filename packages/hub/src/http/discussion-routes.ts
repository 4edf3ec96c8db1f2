import { HubError } from "@postern/core/error/hub-error";
import { pluralOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fileRefusal } from "../access/open-repo-files.ts";
import {
  addComment,
  changeStatus,
  type DiscussionChange,
  discussionNotFound,
  editComment,
  hideComment,
  renameDiscussion,
} from "../discussions/change-discussion.ts";
import type { Discussion } from "../discussions/discussion.ts";
import type { DiscussionDeps } from "../discussions/discussion-deps.ts";
import { parseComment, parseTitle } from "../discussions/discussion-text.ts";
import { type MergeDeps, mergePullRequest } from "../discussions/merge-pull-request.ts";
import { openDiscussion } from "../discussions/open-discussion.ts";
import { commitsOf, conflictsOf, pullStateOf } from "../discussions/pull-state.ts";
import { requireParticipant } from "../discussions/require-participant.ts";
import { revisionNotFound } from "../git/revision-not-found.ts";
import type { AfterRefsMovedDeps } from "../repos/after-refs-moved.ts";
import { commitEventJson, discussionJson, eventJson } from "./discussion-json.ts";
import { type OpenedRepo, openRequestedRepo, originOf, type RepoAccessDeps } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";

export interface DiscussionRoutesDeps extends DiscussionDeps, Omit<RepoAccessDeps, "catalogue"> {
  readonly git: RepoAccessDeps["git"];
  readonly catalogue: RepoAccessDeps["catalogue"] & AfterRefsMovedDeps["catalogue"];
  readonly audit: DiscussionDeps["audit"];
  readonly provenance: MergeDeps["provenance"];
}

const PAGE = 50;
const MAX_DIFF_BYTES = 1024 * 1024;
const DEFAULT_TARGET = "refs/heads/main";
/** A comment in JSON, with every character escaped. */
const BODY_BYTES = 512 * 1024;

/** `…/discussions` and what is done to one of them, as `HfApi` calls it (hub-wire §4.2). */
export function registerDiscussionRoutes(app: FastifyInstance, deps: DiscussionRoutesDeps): void {
  for (const kind of REPO_KINDS) {
    const base = `/api/${pluralOf(kind)}/:namespace/:name/discussions`;
    app.get(base, (request, reply) => listDiscussions(deps, kind, request, reply));
    app.get(`${base}/:num`, (request, reply) => showDiscussion(deps, kind, request, reply));
    app.post(
      base,
      { bodyLimit: BODY_BYTES, config: { audit: { event: "discussion.create" } } },
      async (request, reply) => reply.send(await createDiscussion(deps, kind, request)),
    );

    const change = (
      path: string,
      event: string,
      run: (change: DiscussionChange, fields: RequestFields, comment: string) => Promise<Record<string, unknown>>,
      permission: "read" | "write" = "read",
    ): void => {
      const options = { bodyLimit: BODY_BYTES, config: { audit: { event } } };
      app.post(`${base}/:num/${path}`, options, async (request, reply) => {
        const opened = await openRequestedRepo(deps, kind, request, permission);
        if (permission === "read") requireParticipant(opened.caller.principal, opened.repo);
        const discussion = await discussionOf(deps, opened, request);
        const { caller, repo } = opened;
        const fields = RequestFields.of(request.body);
        return reply.send(await run({ caller, repo, discussion }, fields, parameterOf(request, "comment")));
      });
    };
    change("comment", "discussion.comment", async (to, fields) => ({
      newMessage: eventJson(await addComment(deps, to, parseComment(fields.text("comment")))),
    }));
    change("comment/:comment/edit", "discussion.edit", async (to, fields, comment) => ({
      updatedComment: eventJson(await editComment(deps, to, comment, parseComment(fields.text("content")))),
    }));
    change("comment/:comment/hide", "discussion.hide", async (to, _fields, comment) => ({
      updatedComment: eventJson(await hideComment(deps, to, comment)),
    }));
    change("title", "discussion.title", async (to, fields) => ({
      newTitle: eventJson(await renameDiscussion(deps, to, parseTitle(fields.text("title")))),
    }));
    change("status", "discussion.status", async (to, fields) => ({
      newStatus: eventJson(await changeStatus(deps, to, statusOf(fields), optionalComment(fields))),
    }));
    change(
      "merge",
      "discussion.merge",
      async (to, fields) => ({ newStatus: eventJson(await mergePullRequest(deps, to, optionalComment(fields))) }),
      "write",
    );
  }
}

async function listDiscussions(
  deps: DiscussionRoutesDeps,
  kind: RepoKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { repo } = await openRequestedRepo(deps, kind, request, "read");
  const query = RequestFields.of(request.query);
  const type = query.optionalText("type");
  const status = query.optionalText("status");
  const page = query.count("p", { fallback: 0, max: 100_000, min: 0 });
  const filter = {
    type: type === "discussion" || type === "pull_request" ? type : undefined,
    status: status === "open" || status === "closed" ? status : undefined,
    author: query.optionalText("author"),
  } as const;
  const { discussions, count } = await deps.discussions.list(repo.repoId, {
    ...filter,
    skip: page * PAGE,
    limit: PAGE,
  });
  return reply.send({
    discussions: discussions.map((discussion) => discussionJson(repo, discussion)),
    count,
    start: page * PAGE,
  });
}

async function showDiscussion(
  deps: DiscussionRoutesDeps,
  kind: RepoKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const opened = await openRequestedRepo(deps, kind, request, "read");
  const { caller, repo, git } = opened;
  const discussion = await discussionOf(deps, opened, request);
  const events = (await deps.discussions.events(repo.repoId, discussion.num)).map(eventJson);
  const json = { ...discussionJson(repo, discussion), events };
  if (discussion.pull === undefined) return reply.send(json);
  const { target, merged } = discussion.pull;
  const changes = { base: target, ...(merged === undefined ? {} : { mergeCommitId: merged.commit }) };
  const state = await pullStateOf(git, discussion);
  if (state === undefined) return reply.send({ ...json, changes, filesWithConflicts: true });
  const commits = (await commitsOf(git, state)).map(commitEventJson);
  const filesWithConflicts = merged === undefined ? await conflictsOf(git, state) : [];
  // A diff shows what files hold, so it is behind the gate.
  const showsDiff =
    RequestFields.of(request.query).flag("diff") &&
    (await fileRefusal(deps, caller.principal, repo, originOf(request))) === undefined;
  const diff = showsDiff ? { diff: await git.diff(state.base ?? state.target, state.head, MAX_DIFF_BYTES) } : {};
  return reply.send({ ...json, events: inOrder([...events, ...commits]), changes, filesWithConflicts, ...diff });
}

async function createDiscussion(
  deps: DiscussionRoutesDeps,
  kind: RepoKind,
  request: FastifyRequest,
): Promise<Record<string, unknown>> {
  const wantsPull = RequestFields.of(request.body).flag("pullRequest");
  const { caller, repo, git } = await openRequestedRepo(deps, kind, request, wantsPull ? "files" : "read");
  requireParticipant(caller.principal, repo);
  const fields = RequestFields.of(request.body);
  const title = parseTitle(fields.text("title"));
  const text = parseComment(fields.text("description"));
  const head = wantsPull ? await git.readRef(DEFAULT_TARGET) : undefined;
  if (wantsPull && head === undefined) throw revisionNotFound("main");
  const pull = head === undefined ? undefined : ({ target: DEFAULT_TARGET, head, status: "draft" } as const);
  const discussion = await openDiscussion(deps, caller, repo, { title, text, pull });
  return discussionJson(repo, discussion);
}

/** @throws {HubError} 404 when there is none of this number. */
async function discussionOf(
  { discussions }: Pick<DiscussionRoutesDeps, "discussions">,
  { repo }: OpenedRepo,
  request: FastifyRequest,
): Promise<Discussion> {
  const number = parameterOf(request, "num");
  const found = /^[1-9][0-9]{0,8}$/.test(number) ? await discussions.find(repo.repoId, Number(number)) : undefined;
  if (found === undefined) throw discussionNotFound();
  return found;
}

function parameterOf({ params }: FastifyRequest, name: string): string {
  const value: unknown = typeof params === "object" && params !== null ? Reflect.get(params, name) : undefined;
  return typeof value === "string" ? value : "";
}

function statusOf(fields: RequestFields): "open" | "closed" {
  const status = fields.text("status");
  if (status === "open" || status === "closed") return status;
  throw new HubError(400, "BadRequest", 'The field "status" must be "open" or "closed".');
}

function optionalComment(fields: RequestFields): string | undefined {
  const comment = fields.optionalText("comment");
  return comment === undefined || comment.trim() === "" ? undefined : parseComment(comment);
}

function inOrder(events: readonly Record<string, unknown>[]): readonly Record<string, unknown>[] {
  return events.toSorted((one, other) => Date.parse(String(one.createdAt)) - Date.parse(String(other.createdAt)));
}
