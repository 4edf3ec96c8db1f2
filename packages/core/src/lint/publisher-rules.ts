import { claimDefinitionOf } from "../provider/configured-claim.ts";
import { PRESETS } from "../provider/presets.ts";
import type { ProviderPreset } from "../provider/provider-preset.ts";
import type { Publisher } from "../publisher/publisher.ts";
import type { EpochSeconds } from "../time/epoch-seconds.ts";
import { isBroader, sameJobs } from "./overlapping-publishers.ts";
import type { FindingSeverity, LintRuleId } from "./publisher-finding.ts";
import { riskyTriggerOf } from "./risky-trigger.ts";

const DAY = 86_400;
/** A publisher that never earned a token in this time is probably misconfigured or forgotten. Seconds. */
const NEVER_USED_AFTER = 30 * DAY;
const UNUSED_AFTER = 90 * DAY;
/** Longer than most uploads need; a stolen token lives as long. Seconds. */
const ADVISED_TTL = 1800;
const LONG_SUBJECT_TOKEN = 3600;

/** What the rules may know beside the publisher itself. */
export interface LintFacts {
  readonly now: EpochSeconds;
  /** Everything enabled on the same resource. */
  readonly publishers: readonly Publisher[];
  /** Names of creators who may not manage this resource any more. */
  readonly creatorsWithoutRight: ReadonlySet<string>;
}

/** One rule about one publisher: the sentence when it has something to say. */
export interface PublisherRule {
  readonly id: LintRuleId;
  readonly severity: FindingSeverity;
  readonly fix: string;
  readonly find: (publisher: Publisher, preset: ProviderPreset, facts: LintFacts) => string | undefined;
}

/** The rules, most severe first. Each is a fact about the publisher and never a guess about the provider. */
export const PUBLISHER_RULES: readonly PublisherRule[] = [
  {
    id: "no-tenant-id",
    severity: "error",
    fix: "Remove it and add one that pins the numeric or unique id.",
    find: (publisher, preset) =>
      preset.tenantClaims.length > 0 && !pinsOne(publisher, preset.tenantClaims)
        ? `No immutable id is pinned: whoever registers the name at ${preset.title} again may publish.`
        : undefined,
  },
  {
    id: "whole-tenant",
    severity: "warning",
    fix: "Pin the id of the one project that publishes.",
    find: (publisher, preset) =>
      pinsOne(publisher, preset.tenantClaims) && !pinsOne(publisher, projectClaims(preset))
        ? "Every project of the pinned owner may publish."
        : undefined,
  },
  {
    id: "name-only",
    severity: "warning",
    fix: "Pin the project's id as well; the name then is only a label.",
    find: (publisher, preset) => {
      const [id] = preset.proofs[0] ?? [];
      if (id === undefined || preset.tenantClaims.length === 0 || Object.hasOwn(publisher.claims, id)) return undefined;
      return pinsOne(publisher, preset.tenantClaims) && pinsOne(publisher, projectClaims(preset))
        ? "The project is pinned by its name only: its owner may delete it and make another one of that name."
        : undefined;
    },
  },
  {
    id: "no-subject",
    severity: "warning",
    fix: "Pin sub, which the issuer never gives to somebody else.",
    find: (publisher, preset) =>
      preset.openClaims && !Object.hasOwn(publisher.claims, "sub")
        ? "The claim sub is not pinned, so nothing here says that only one workload may publish."
        : undefined,
  },
  {
    id: "any-branch",
    severity: "warning",
    fix: "Pin branch or tag, or an environment that only protected branches may use.",
    find: (publisher, preset) =>
      knowsOne(preset, ["branch", "tag"]) &&
      !pinsOne(publisher, ["branch", "tag", "ref", "ref_path", "ref_protected", "sub", ...ENVIRONMENTS])
        ? "Any branch may publish: whoever can push one runs with this right, reviewed or not."
        : undefined,
  },
  {
    id: "no-owner-id",
    severity: "advice",
    fix: "Pin the owner's id beside the project's.",
    find: (publisher, { project }) =>
      project !== undefined &&
      project.names.length > 0 &&
      pinsOne(publisher, [project.id]) &&
      !pinsOne(publisher, [project.ownerId])
        ? "The owner's id is not pinned: when the project is transferred, its new owner may publish."
        : undefined,
  },
  {
    id: "no-environment",
    severity: "advice",
    fix: "Use an environment with protection rules for the publish job and pin it.",
    find: (publisher, preset) =>
      knowsOne(preset, ENVIRONMENTS) && !pinsOne(publisher, ENVIRONMENTS)
        ? "No environment is pinned, so no reviewer stands between a push and a publish."
        : undefined,
  },
  {
    id: "risky-trigger",
    severity: "warning",
    fix: "Publish from a push, a tag or a manual run, and pin that event or none.",
    find: (publisher, preset) => riskyTriggerOf(publisher, preset),
  },
  {
    id: "shadowed",
    severity: "warning",
    fix: "Remove the broader one, or remove this one as superfluous.",
    find: (publisher, preset, { publishers }) => {
      const broader = publishers.find((other) => isBroader(other, publisher, preset));
      return broader === undefined
        ? undefined
        : `The broader publisher ${broader.id} lets in every job that this one describes, and more.`;
    },
  },
  {
    id: "duplicate",
    severity: "warning",
    fix: "Keep the one with the access that the job needs.",
    find: (publisher, _preset, { publishers }) => {
      const twin = publishers.find((other) => other.id > publisher.id && sameJobs(other, publisher));
      return twin === undefined ? undefined : `The publisher ${twin.id} names the very same jobs.`;
    },
  },
  {
    id: "drift",
    severity: "warning",
    fix: "Look at the old and the new values, and decide: postern publisher confirm",
    find: ({ change, renamed }) => {
      if (change?.kind === "transfer")
        return "Its project was transferred to another owner: it is frozen and lets nobody in.";
      if (change !== undefined) return "Its project was renamed: jobs under the new name are refused.";
      return renamed === undefined
        ? undefined
        : "Its project was renamed, and the new name was accepted without asking.";
    },
  },
  {
    id: "creator-left",
    severity: "warning",
    fix: "Let an administrator of the resource look at it, remove it, or add it again in their own name.",
    find: ({ createdBy }, _preset, { creatorsWithoutRight }) =>
      creatorsWithoutRight.has(createdBy)
        ? `Its creator ${createdBy} may not manage this resource any more.`
        : undefined,
  },
  {
    id: "long-lifetime",
    severity: "advice",
    fix: "Give a shorter --ttl: a transfer that began in time is not cut off.",
    find: ({ ttlSeconds }) =>
      ttlSeconds > ADVISED_TTL
        ? `Its tokens live ${Math.round(ttlSeconds / 60)} minutes; a stolen one works as long.`
        : undefined,
  },
  {
    id: "unpinned-tokens",
    severity: "advice",
    fix: "Add --pin-address, when a job keeps one address from its login to its last upload.",
    // Only where the owner knows the addresses: runners of a provider's cloud may leave by several in one job.
    find: ({ sourceAddresses, pinAddress }) =>
      sourceAddresses.length > 0 && pinAddress !== true
        ? "Its jobs come from known addresses, yet a stolen token works from anywhere."
        : undefined,
  },
  {
    id: "never-used",
    severity: "advice",
    fix: "Try it with `postern publisher test`, or remove it.",
    find: ({ lastUsedAt, createdAt }, _preset, { now }) =>
      lastUsedAt === undefined && now - createdAt > NEVER_USED_AFTER
        ? `It was added ${days(now - createdAt)} days ago and never used.`
        : undefined,
  },
  {
    id: "unused",
    severity: "advice",
    fix: "Switch it off or remove it; an unused right only serves a thief.",
    find: ({ lastUsedAt }, _preset, { now }) =>
      lastUsedAt !== undefined && now - lastUsedAt > UNUSED_AFTER
        ? `It was last used ${days(now - lastUsedAt)} days ago.`
        : undefined,
  },
  {
    id: "long-subject-token",
    severity: "advice",
    fix: "Set a timeout of at most one hour on the publish job.",
    find: (_publisher, preset) =>
      preset.maxAgeSeconds > LONG_SUBJECT_TOKEN
        ? `An id token of ${preset.title} may live as long as its job, up to ${preset.maxAgeSeconds / 3600} hours.`
        : undefined,
  },
];

/** Spellings of a deployment environment, across providers. */
const ENVIRONMENTS: readonly string[] = ["environment", "environment_node_id", "deploymentEnvironmentUuid"];

function pinsOne({ claims }: Publisher, names: readonly string[]): boolean {
  return names.some((name) => Object.hasOwn(claims, name));
}

function knowsOne(preset: ProviderPreset, names: readonly string[]): boolean {
  return names.some((name) => claimDefinitionOf(preset, name) !== undefined);
}

/** What says which project, and not only whose. */
function projectClaims(preset: ProviderPreset): readonly string[] {
  const owners = new Set(preset.proofs.slice(1).map(([first]) => first));
  const all = [...preset.proofs.flat(), ...preset.tenantClaims.slice(0, 1), "sub"];
  return all.filter((name) => !owners.has(name));
}

function days(seconds: number): number {
  return Math.floor(seconds / DAY);
}

/** The preset whose rules a publisher is held against. */
export function presetOf({ provider }: Publisher): ProviderPreset {
  return PRESETS[provider];
}
