import { Readable } from "node:stream";
import type { RouteAudit } from "@postern/core/audit/route-audit";
import { HubError } from "@postern/core/error/hub-error";
import { pathPrefixOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../access/caller.ts";
import { fileRefusal, openRepoFiles } from "../access/open-repo-files.ts";
import { fetchWants } from "../git-http/fetch-wants.ts";
import type { GitTransfers } from "../git-http/git-transfers.ts";
import { openRepoForPush } from "../git-http/open-repo-for-push.ts";
import { FLUSH, PktReader, pktLine } from "../git-http/pkt-line.ts";
import { type PushHead, readPushHead } from "../git-http/push-commands.ts";
import { formatPushReport, KEEP_ALIVE, type PushOutcome } from "../git-http/push-report.ts";
import type { PushDependencies } from "../git-http/push-request.ts";
import { receivePush } from "../git-http/receive-push.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { bodyRefusal, clientSignal, gitBody, requestedProtocol, requestedService, wholeBody } from "./git-request.ts";
import { callerOf, originOf, type RepoAccessDeps } from "./opened-repo.ts";
import { rawSegmentsOf, requestedRepo } from "./request-repo.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a changing route writes into the audit log. */
    audit?: RouteAudit;
    /** `text`: refusals are plain text, which git shows to people behind `remote: `; it would swallow JSON. */
    refusals?: "text";
  }
}

/** Everything that git over HTTP needs. */
export interface GitRoutesDeps extends Omit<RepoAccessDeps, "catalogue">, PushDependencies {
  readonly catalogue: RepoAccessDeps["catalogue"] & PushDependencies["catalogue"];
  readonly transfers: GitTransfers;
}

/** A fetch names what it wants and has; a partial clone may want tens of thousands of blobs at once. */
const MAX_FETCH_REQUEST_BYTES = 8 * 1024 * 1024;
const KEEP_ALIVE_MS = 5000;

/** Git over HTTP (hub-wire §9): `info/refs`, `git-upload-pack` and `git-receive-pack`, with and without `.git`. */
export function registerGitRoutes(app: FastifyInstance, deps: GitRoutesDeps): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    for (const kind of REPO_KINDS) {
      const base = `/${pathPrefixOf(kind)}:namespace/:name`;
      scope.get(`${base}/info/refs`, { config: { refusals: "text" } }, (request, reply) =>
        advertise(request, reply, kind, deps),
      );
      scope.post(
        `${base}/git-upload-pack`,
        { config: { refusals: "text", audit: { none: "it only reads" } } },
        (request, reply) => answerFetch(request, reply, kind, deps),
      );
      scope.post(
        `${base}/git-receive-pack`,
        { config: { refusals: "text", audit: { event: "repo.push" } } },
        (request, reply) => answerPush(request, reply, kind, deps),
      );
    }
  });
}

async function advertise(
  request: FastifyRequest,
  reply: FastifyReply,
  kind: RepoKind,
  deps: GitRoutesDeps,
): Promise<FastifyReply> {
  const service = requestedService(request.query);
  const repo =
    service === "git-upload-pack"
      ? await repoToFetch(request, kind, deps)
      : (await repoToPushTo(request, kind, deps, await callerOf(deps.gatekeeper, request))).repo;
  const signal = clientSignal(reply);
  const refs = await deps.transfers.advertise(repo.repoId, service, requestedProtocol(request), signal);
  return reply.type(`application/x-${service}-advertisement`).send(refs);
}

async function answerFetch(
  request: FastifyRequest,
  reply: FastifyReply,
  kind: RepoKind,
  deps: GitRoutesDeps,
): Promise<FastifyReply> {
  const repo = await repoToFetch(request, kind, deps);
  const signal = clientSignal(reply);
  const body = await wholeRequest(request);
  const protocol = requestedProtocol(request);
  reply.type("application/x-git-upload-pack-result");
  if (protocol?.split(":").includes("version=2")) {
    const [unreachable] = await deps.transfers.unreachable(repo.repoId, await fetchWants(body), signal);
    // As git says it of an object that is not there at all.
    if (unreachable !== undefined)
      return reply.send(Buffer.concat([pktLine(`ERR upload-pack: not our ref ${unreachable}\n`), FLUSH]));
  }
  return reply.send(await deps.transfers.uploadPack(repo.repoId, body, protocol, signal));
}

async function answerPush(
  request: FastifyRequest,
  reply: FastifyReply,
  kind: RepoKind,
  deps: GitRoutesDeps,
): Promise<FastifyReply> {
  const signal = clientSignal(reply);
  // Git may take long over a pack that has arrived, and then nothing moves on the connection.
  request.raw.once("end", () => request.raw.socket.setTimeout(0));
  try {
    const caller = await callerOf(deps.gatekeeper, request);
    const { repo, pusher } = await repoToPushTo(request, kind, deps, caller);
    const body = new PktReader(gitBody(request, "git-receive-pack"));
    const head = await readPushHead(body);
    reply.type("application/x-git-receive-pack-result");
    if (head === undefined) return reply.send("");
    const conclude = await receivePush(deps, { ...head, repo, caller, pusher, pack: await body.rest(), signal });
    const outcome = conclude();
    // Nobody may be there to read the report.
    outcome.catch(() => {});
    return reply.send(Readable.from(reportOf(outcome, head), { objectMode: false }));
  } catch (error) {
    if (signal.aborted) throw new HubError(400, "BadRequest", "The pusher went away.", { cause: error });
    throw bodyRefusal(error);
  } finally {
    // A refusal in the middle must reach the client, which first sends all that it has.
    request.raw.resume();
  }
}

async function* reportOf(outcome: Promise<PushOutcome>, head: PushHead): AsyncGenerator<Buffer> {
  for (;;) {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, KEEP_ALIVE_MS, undefined);
    const concluded = await Promise.race([outcome, late]).finally(() => clearTimeout(timer));
    if (concluded === undefined) {
      if (head.sideband) yield KEEP_ALIVE;
      continue;
    }
    yield formatPushReport(head, concluded);
    return;
  }
}

async function repoToFetch(request: FastifyRequest, kind: RepoKind, deps: GitRoutesDeps): Promise<StoredRepo> {
  const principal = await deps.gatekeeper.identify(request.headers.authorization);
  return await openRepoFiles(deps, principal, namedRepo(request, kind), originOf(request));
}

/** A writer passes any gate; somebody who pushes to a pull request of their own must have the files that they change. */
async function repoToPushTo(
  request: FastifyRequest,
  kind: RepoKind,
  deps: GitRoutesDeps,
  caller: Caller,
): ReturnType<typeof openRepoForPush> {
  const opened = await openRepoForPush(deps, caller, namedRepo(request, kind));
  const refusal = opened.pusher.isWriter
    ? undefined
    : await fileRefusal(deps, caller.principal, opened.repo, originOf(request));
  if (refusal !== undefined) throw refusal;
  return opened;
}

async function wholeRequest(request: FastifyRequest): Promise<Buffer> {
  try {
    return await wholeBody(gitBody(request, "git-upload-pack"), MAX_FETCH_REQUEST_BYTES);
  } catch (error) {
    throw bodyRefusal(error);
  } finally {
    request.raw.resume();
  }
}

function namedRepo(request: FastifyRequest, kind: RepoKind): ReturnType<typeof requestedRepo> {
  return requestedRepo(kind, rawSegmentsOf(request.raw.url ?? ""), kind === "model" ? 0 : 1);
}
