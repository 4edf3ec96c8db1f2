import { HubError } from "@postern/core/error/hub-error";
import { pathPrefixOf, pluralOf, REPO_KINDS, type RepoKind } from "@postern/core/resource/repo-kind";
import { repoIdOf, repoPathOf } from "@postern/core/resource/repo-ref";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../access/caller.ts";
import { openRepo } from "../access/open-repo.ts";
import { openRepoForChange } from "../access/open-repo-for-change.ts";
import type { AccessRequest } from "../gates/access-requests.ts";
import { type AskOutcome, askForAccess, withdrawRequest } from "../gates/ask-for-access.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { acceptForms } from "./accept-forms.ts";
import type { AccessRequestRoutesDeps } from "./access-request-deps.ts";
import { reportCsv, reportEntry } from "./access-request-json.ts";
import { askAccessPage, PAGE_HEADERS } from "./ask-access-page.ts";
import { callerOf, openRequestedRepo, originOf } from "./opened-repo.ts";
import { RequestFields } from "./request-fields.ts";
import { rawSegmentsOf, requestedRepo } from "./request-repo.ts";

const MAX_ANSWERS = 20;
const MAX_QUESTION = 100;
const MAX_ANSWER = 1000;
const BODY_BYTES = 64 * 1024;
const REPORT_PAGE = 1000;
/** More requests than this are read in pages of the lists. */
const MAX_REPORT = 100_000;

/**
 * `GET|POST /{repo}/ask-access` as the Hub's own site has it, `POST …/user-access-request` for programs, `…/cancel`, and the report
 * `GET /{repo}/user-access-report` (hub-wire §4.1).
 */
export function registerAskAccessRoutes(app: FastifyInstance, deps: AccessRequestRoutesDeps): void {
  app.register(async (scope) => {
    acceptForms(scope);
    for (const kind of REPO_KINDS) {
      const api = `/api/${pluralOf(kind)}/:namespace/:name/user-access-request`;
      const web = `/${pathPrefixOf(kind)}:namespace/:name`;
      const asks = { bodyLimit: BODY_BYTES, config: { audit: { event: "access.request" } } };
      scope.post(api, asks, async (request, reply) => {
        const { caller, repo } = await openRequestedRepo(deps, kind, request, "read");
        return reply.send(outcomeJson(await askForAccess(deps, caller, repo, answersOf(request.body))));
      });
      scope.post(`${web}/ask-access`, asks, async (request, reply) => {
        const { caller, repo } = await openNamed(deps, kind, request);
        const outcome = await askForAccess(deps, caller, repo, answersOf(request.body));
        return reply
          .code(303)
          .header("location", `/${repoPathOf(repo.repo)}/ask-access`)
          .send(outcomeJson(outcome));
      });
      scope.post(`${api}/cancel`, { config: { audit: { event: "access.cancel" } } }, async (request, reply) => {
        const { caller, repo } = await openRequestedRepo(deps, kind, request, "read");
        await withdrawRequest(deps, caller, repo);
        return reply.send({});
      });
      scope.get(`${web}/ask-access`, async (request, reply) => {
        const { caller, repo } = await openNamed(deps, kind, request);
        const { principal } = caller;
        const own = principal.kind === "user" ? await deps.accessRequests.find(repo.repoId, principal.name) : undefined;
        return reply.headers(PAGE_HEADERS).send(askAccessPage(repo, own?.status, originOf(request)));
      });
      scope.get(`${web}/user-access-report`, (request, reply) => sendReport(deps, kind, request, reply));
    }
  });
}

async function openNamed(
  deps: AccessRequestRoutesDeps,
  kind: RepoKind,
  request: FastifyRequest,
): Promise<{ readonly caller: Caller; readonly repo: StoredRepo }> {
  const caller = await callerOf(deps.gatekeeper, request);
  const wanted = requestedRepo(kind, rawSegmentsOf(request.raw.url ?? ""), kind === "model" ? 0 : 1);
  return { caller, repo: await openRepo(deps.catalogue, caller.principal, wanted, "read") };
}

async function sendReport(
  deps: AccessRequestRoutesDeps,
  kind: RepoKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = await callerOf(deps.gatekeeper, request);
  const wanted = requestedRepo(kind, rawSegmentsOf(request.raw.url ?? ""), kind === "model" ? 0 : 1);
  const { repo, repoId } = await openRepoForChange(deps, caller, wanted, "review");
  const entries: Record<string, string>[] = [];
  let after: string | undefined;
  do {
    const page = await deps.accessRequests.list(repoId, { status: undefined, after, limit: REPORT_PAGE });
    entries.push(...page.requests.map(reportEntry));
    after = page.next;
  } while (after !== undefined && entries.length < MAX_REPORT);
  const asCsv = RequestFields.of(request.query).optionalText("format") === "csv";
  const name = `user-access-report-${repoIdOf(repo).replace("/", "-")}.${asCsv ? "csv" : "json"}`;
  reply.headers({
    "content-disposition": `attachment; filename="${name}"`,
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
  });
  return asCsv ? reply.type("text/csv; charset=utf-8").send(reportCsv(entries)) : reply.send(entries);
}

/** Answers of the form, whatever it asks. @throws {HubError} 400 for other shapes or more than a form has. */
function answersOf(body: unknown): AccessRequest["fields"] {
  if (body === undefined || body === null || body === "") return undefined;
  const entries = typeof body === "object" && !Array.isArray(body) ? Object.entries(body) : undefined;
  const answers: Record<string, string> = {};
  for (const [question, answer] of entries ?? []) {
    const text = typeof answer === "boolean" || typeof answer === "number" ? String(answer) : answer;
    if (typeof text !== "string" || text.length > MAX_ANSWER || question.length > MAX_QUESTION) throw badForm();
    answers[question] = text;
  }
  if (entries === undefined || entries.length > MAX_ANSWERS) throw badForm();
  return entries.length === 0 ? undefined : answers;
}

function badForm(): HubError {
  const limits = `at most ${MAX_ANSWERS} answers of ${MAX_ANSWER} characters`;
  return new HubError(400, "BadRequest", `The answers must be an object of texts: ${limits}.`);
}

function outcomeJson(outcome: AskOutcome): Record<string, unknown> {
  return { status: outcome, message: OUTCOMES[outcome] };
}

const OUTCOMES: Readonly<Record<AskOutcome, string>> = {
  "no-gate": "This repo is not gated: its files are open to whoever may see it.",
  member: "You have access as a member of the namespace.",
  accepted: "You have been granted access.",
  pending: "Your request is awaiting a review from the repo authors.",
  rejected: "Your request has been rejected by the repo authors.",
  reset: "Your request was reset. Ask again.",
};
