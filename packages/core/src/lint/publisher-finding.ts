/** How much a finding matters: `error` lets strangers in, `warning` lets in more than was meant, `advice` is housekeeping. */
export type FindingSeverity = "error" | "warning" | "advice";

/** Every rule that we check; the words after `lint.` in audit entries and in scripts, so they never change. */
export type LintRuleId =
  | "no-tenant-id"
  | "whole-tenant"
  | "name-only"
  | "no-subject"
  | "any-branch"
  | "no-environment"
  | "no-owner-id"
  | "drift"
  | "risky-trigger"
  | "never-used"
  | "unused"
  | "duplicate"
  | "shadowed"
  | "classic-tokens"
  | "long-lifetime"
  | "creator-left"
  | "long-subject-token"
  | "unpinned-tokens";

/** One thing that a rule found. */
export interface PublisherFinding {
  readonly rule: LintRuleId;
  readonly severity: FindingSeverity;
  /** `undefined` when it is about the resource as a whole. */
  readonly publisherId: string | undefined;
  /** One sentence: what is wrong, and what it allows. */
  readonly message: string;
  /** One sentence: what to do next. */
  readonly fix: string;
}

/** What cannot be known from what is stored; listed, so that nobody takes silence for a pass. */
export const NOT_CHECKED: readonly { readonly rule: string; readonly why: string }[] = [
  { rule: "environment-unprotected", why: "Protection rules of an environment are known to the provider only." },
  { rule: "workflow-file", why: "The workflow file is in the source repository: look there for risky triggers." },
  { rule: "publish-job", why: "Caches and unpinned actions in the publish job are seen in the workflow file only." },
  { rule: "name-drift", why: "Whether the source project was renamed is known here only once one of its jobs came." },
];
