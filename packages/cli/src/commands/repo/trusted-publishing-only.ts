import { pluralOf } from "@postern/core/resource/repo-kind";
import { type RepoRef, repoIdOf } from "@postern/core/resource/repo-ref";
import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { cell, type JsonRecord, recordsIn } from "../../http/json-value.ts";
import { openManagement } from "../../session/management.ts";

export type OnlyMode = "on" | "off" | "preview";

/** @throws {CliError} exit code 2. */
export function parseOnlyMode(text: string): OnlyMode {
  if (text === "on" || text === "off" || text === "preview") return text;
  throw usageError(`'${text}' is not a mode.`, "Use --trusted-publishing-only on, off or preview.");
}

/** `GET …/trusted-publishing-only/preview`. */
export function previewOnly(context: CliContext, repo: RepoRef): Promise<JsonRecord> {
  return openManagement(context).call(`/${pluralOf(repo.kind)}/${repoIdOf(repo)}/trusted-publishing-only/preview`);
}

/** Says what would stop and what would go on. */
export function printPreview({ terminal }: CliContext, repo: RepoRef, preview: JsonRecord): void {
  const tokens = recordsIn(preview, "tokens");
  const publishers = recordsIn(preview, "publishers");
  terminal.note(`With trusted publishing only on ${repoIdOf(repo)}:`);
  for (const member of recordsIn(preview, "members"))
    terminal.note(`  ${cell(member, "user")} (${cell(member, "role")}) cannot write by hand any more.`);
  for (const token of tokens) {
    const used = token.last_used_at === undefined ? "never used" : `last used somewhere ${cell(token, "last_used_at")}`;
    terminal.note(`  The token ${cell(token, "id")} of ${cell(token, "user")} stops writing here (${used}).`);
  }
  for (const publisher of publishers) terminal.note(`  Goes on: ${cell(publisher, "who")}`);
  if (publishers.length === 0) terminal.note("  There is no publisher with write access: nobody could write.");
}
