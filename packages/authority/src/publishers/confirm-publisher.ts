import { ApiError } from "@postern/core/error/api-error";
import { showClaimValue } from "@postern/core/match/explain-check";
import type { IdentityChange, Publisher } from "@postern/core/publisher/publisher";
import { claimField, invalid } from "@postern/core/publisher/publisher-draft";
import type { Resource } from "@postern/core/resource/resource";
import { type Caller, changeEvent } from "../accounts/caller.ts";
import { parseDraftFields } from "../accounts/draft-fields.ts";
import { auditResourceOf } from "../token-exchange/audit-resource.ts";
import { claimsBefore, listClaims } from "../token-exchange/changed-claims.ts";
import { claimsAfter } from "../token-exchange/drifted-publishers.ts";
import {
  type ChangePublisherDeps,
  findOwnPublisher,
  type ListedPublisher,
  noSuchPublisher,
} from "./change-publisher.ts";
import { authoriseTarget } from "./publisher-target.ts";

/**
 * Decides on what waits at a publisher: a rename or transfer that a job showed, or a rename that was accepted without asking.
 *
 * The caller names the new values that it was shown, so that a change which came in the meantime is not confirmed unseen.
 *
 * @param body - `{"accept":true,"to":{…}}`; with `"accept":false` the publisher keeps its claims.
 * @throws {ApiError} `unauthenticated`, `forbidden`, `not_found`; `invalid_body`, `invalid_field`; `conflict` when nothing or something
 *   else waits; `already_exists` when another publisher has the new claims.
 */
export async function confirmPublisher(
  resource: Resource,
  id: string,
  body: unknown,
  caller: Caller,
  deps: ChangePublisherDeps,
): Promise<ListedPublisher> {
  const target = await authoriseTarget(resource, "change", caller, deps.resources);
  const { accept, to } = parseDecision(body);
  const before = await findOwnPublisher(id, target, deps.publishers);
  const change = waitingIn(before, accept);
  if (accept && !sameValues(to ?? {}, change.to)) throw changedMeanwhile();
  const after: Publisher = accept
    ? { ...before, claims: claimsAfter(before, change), change: undefined, renamed: undefined }
    : { ...before, change: undefined };
  const event = changeEvent(caller, "publisher.confirm", auditResourceOf(target), {
    publisher_id: id,
    accepted: accept,
    change: change.kind,
    from: listClaims(claimsBefore(before, change)),
    to: listClaims(change.to),
  });
  switch (await deps.publishers.settleChange(before, after, event)) {
    case "settled":
      return { publisher: after, held: target.held };
    case "changed":
      throw changedMeanwhile();
    case "missing":
      throw noSuchPublisher();
    case "exists":
      throw new ApiError("already_exists", "Another publisher of this resource has the new values already.", {
        remedy: "Remove one of the two.",
      });
  }
}

/** A rename that was accepted already changes nothing more when it is confirmed: it only lets the next one pass. */
function waitingIn({ change, renamed }: Publisher, accept: boolean): IdentityChange {
  if (change !== undefined) return change;
  if (renamed !== undefined && accept) return { kind: "rename", to: {} };
  if (renamed !== undefined)
    throw new ApiError("conflict", "The publisher has taken the new name already.", {
      remedy: "Switch it off or remove it if the project is not yours any more.",
    });
  throw new ApiError("conflict", "Nothing waits to be confirmed at this publisher.");
}

function parseDecision(body: unknown): { readonly accept: boolean; readonly to: IdentityChange["to"] | undefined } {
  const { accept, to } = parseDraftFields(body, ["accept", "to"]);
  if (typeof accept !== "boolean")
    throw invalid(
      "accept",
      "The field accept is neither true nor false.",
      "Send true, or false to keep the old values.",
    );
  if (to === undefined) return { accept, to };
  if (typeof to !== "object" || to === null || Array.isArray(to))
    throw invalid("to", "The new values are no object.", "Repeat what the list of publishers shows as change.to.");
  const values = Object.entries(to).map(([name, value]): readonly [string, string] => {
    if (typeof value === "string") return [name, value];
    throw invalid(
      claimField(name).replace("claims/", "to/"),
      `The value of ${showClaimValue(name)} is no string.`,
      "Repeat what the list shows.",
    );
  });
  return { accept, to: Object.fromEntries(values) };
}

function sameValues(given: IdentityChange["to"], wanted: IdentityChange["to"]): boolean {
  const names = Object.keys(wanted);
  return Object.keys(given).length === names.length && names.every((name) => given[name] === wanted[name]);
}

function changedMeanwhile(): ApiError {
  return new ApiError("conflict", "These are not the values that wait to be confirmed.", {
    remedy: "List the publishers, look at the change, and repeat its values.",
  });
}
