import { readFile } from "node:fs/promises";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import { CliError } from "../failure/cli-error.ts";
import { isRecord, recordsIn, textIn } from "../http/json-value.ts";
import type { Session } from "../session/session.ts";
import type { LocalFile } from "./local-files.ts";

/** Larger cards are left to the hub itself. */
const MAX_CARD_BYTES = 1_000_000;

/**
 * Asks the hub about the front matter of `README.md` before anything is sent (hub-wire §4).
 *
 * @returns Its warnings. @throws {CliError} when the card is invalid, with every reason.
 */
export async function checkModelCard(
  session: Session,
  repo: RepoRef,
  files: readonly LocalFile[],
): Promise<readonly string[]> {
  const card = files.find(({ path, size }) => path === "README.md" && size <= MAX_CARD_BYTES);
  if (card === undefined) return [];
  const response = await session.send("/api/validate-yaml", {
    method: "POST",
    body: { content: await readFile(card.absolutePath, "utf8"), repoType: repo.kind },
  });
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const answer: unknown = await response.json().catch(() => undefined);
  // A hub that cannot check is no reason to stop; the commit itself is checked again.
  if (!isRecord(answer)) return [];
  const messages = (key: string): readonly string[] =>
    recordsIn(answer, key).flatMap((entry) => textIn(entry, "message") ?? []);
  const errors = messages("errors");
  if (errors.length > 0) {
    throw new CliError("The front matter of README.md is invalid.", {
      details: errors,
      next: "Correct the block between the two --- lines, then run it again.",
      requestId,
    });
  }
  return messages("warnings");
}
