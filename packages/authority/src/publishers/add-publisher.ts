import type { AuditEvent } from "@postern/core/audit/audit-event";
import { ApiError } from "@postern/core/error/api-error";
import type { IssuerUrl } from "@postern/core/issuer/issuer-url";
import { showClaimValue } from "@postern/core/match/explain-check";
import { defaultIssuerOf } from "@postern/core/provider/issuer-of-provider";
import type { Publisher } from "@postern/core/publisher/publisher";
import { invalid, type PublisherDraft, parsePublisherDraft } from "@postern/core/publisher/publisher-draft";
import { validateClaims } from "@postern/core/publisher/validate-claims";
import type { Resource } from "@postern/core/resource/resource";
import type { Clock } from "@postern/core/time/clock";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import { type Caller, changeEvent } from "../accounts/caller.ts";
import type { IssuerStore } from "../issuers/issuer-store.ts";
import type { AskedTarget } from "../token-exchange/asked-target.ts";
import { auditResourceOf } from "../token-exchange/audit-resource.ts";
import type { ResourceDirectory } from "../token-exchange/resource-directory.ts";
import type { ListedPublisher } from "./change-publisher.ts";
import { type HoldNameDeps, nameTaken, nameToHold, tooManyNames } from "./hold-name.ts";
import type { NewHeldName, PendingPublishers } from "./pending-publishers.ts";
import { type PendingRequest, splitPending } from "./pending-request.ts";
import type { PublisherStore } from "./publisher-store.ts";
import { authoriseTarget } from "./publisher-target.ts";

export interface PublisherDeps extends HoldNameDeps {
  readonly clock: Clock;
  /** Makes an id that was never used before. */
  readonly newId: () => string;
  readonly publishers: PublisherStore;
  readonly issuers: Pick<IssuerStore, "findByUrl">;
  readonly resources: ResourceDirectory;
  readonly pending: PendingPublishers;
}

/**
 * Stores a publisher on a repo or on the caller itself.
 *
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`; `invalid_field` naming the field and the remedy; `already_exists`.
 */
export async function addPublisher(
  resource: Resource,
  body: unknown,
  caller: Caller,
  deps: PublisherDeps,
): Promise<ListedPublisher> {
  const { pending, rest } = splitPending(body);
  const name = pending === undefined ? undefined : await heldName(resource, pending, caller, deps);
  const target: AskedTarget =
    name === undefined
      ? await authoriseTarget(resource, "change", caller, deps.resources)
      : { kind: "repo", repoId: name.repoId, repo: name.repo, held: name };
  const draft = parsePublisherDraft(rest);
  if (target.kind === "user" && draft.access === "write")
    throw invalid("access", "A publisher on a user only reads.", "Use read, or add a publisher on the repo.");
  validateClaims(draft);
  const issuer = await findIssuer(draft, deps.issuers);
  const publisher: Publisher = {
    id: deps.newId(),
    target,
    provider: draft.provider,
    issuer,
    claims: draft.claims,
    access: target.kind === "user" ? "read" : (draft.access ?? "write"),
    ttlSeconds: draft.ttlSeconds,
    sourceAddresses: draft.sourceAddresses,
    ...(draft.pinAddress ? { pinAddress: true } : {}),
    ...(draft.audience === undefined ? {} : { audience: draft.audience }),
    enabled: true,
    createdAt: deps.clock.now(),
    createdBy: caller.principal.kind === "user" ? caller.principal.name : "",
    lastUsedAt: undefined,
  };
  const event = changeEvent(caller, "publisher.add", auditResourceOf(target), {
    publisher_id: publisher.id,
    provider: publisher.provider,
    issuer: publisher.issuer,
    access: publisher.access,
    ttl_seconds: publisher.ttlSeconds,
    ...(publisher.sourceAddresses.length === 0 ? {} : { source_addresses: publisher.sourceAddresses }),
    ...(publisher.pinAddress === true ? { pin_address: true } : {}),
    ...(publisher.audience === undefined ? {} : { audience: publisher.audience }),
    claims: Object.entries(publisher.claims).map(([name, value]) => `${name}=${showClaimValue(value)}`),
  });
  if (name !== undefined) await hold(publisher, name, event, deps.pending);
  else if ((await deps.publishers.add(publisher, event)) === "exists")
    throw new ApiError("already_exists", "The same publisher is stored already.");
  return { publisher, held: target.held };
}

async function heldName(
  resource: Resource,
  pending: PendingRequest,
  caller: Caller,
  deps: PublisherDeps,
): Promise<NewHeldName> {
  if (resource.kind === "user") throw invalid("pending", "Only the name of a repo can be held.", "Leave it out.");
  return nameToHold(resource.repo, pending, caller, deps.clock.now(), deps);
}

/** What was free a moment ago may be taken now: the store decides. */
async function hold(
  publisher: Publisher,
  name: NewHeldName,
  event: AuditEvent,
  pending: PendingPublishers,
): Promise<void> {
  const detail = {
    ...event.detail,
    pending: true,
    repo_id: name.repoId,
    visibility: name.visibility,
    expires_at: toIsoTime(name.expiresAt),
  };
  switch (await pending.hold(publisher, name, { ...event, detail })) {
    case "added":
      return;
    case "taken":
      throw nameTaken(name.repo);
    case "full":
      throw tooManyNames();
  }
}

/** Every publisher hangs on a stored issuer of its own provider, so that matching uses that provider's rules. */
async function findIssuer(draft: PublisherDraft, issuers: Pick<IssuerStore, "findByUrl">): Promise<IssuerUrl> {
  const url = draft.issuer ?? defaultIssuerOf(draft.provider);
  if (url === undefined)
    throw invalid("issuer", "The issuer is missing.", "Give the exact text of the token's iss claim.");
  const issuer = await issuers.findByUrl(url);
  if (issuer === undefined || !issuer.enabled)
    throw invalid(
      "issuer",
      `The issuer ${url} is not enabled here.`,
      `Ask an administrator: postern issuer add --provider ${draft.provider} --url ${url}`,
    );
  if (issuer.provider !== draft.provider)
    throw invalid(
      "provider",
      `The issuer ${url} belongs to the provider ${issuer.provider}.`,
      `Use ${issuer.provider}.`,
    );
  return url;
}
