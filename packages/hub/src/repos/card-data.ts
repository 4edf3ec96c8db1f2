import { parseDocument } from "yaml";

/** Longest README that is looked at for its front matter, in bytes. */
export const MAX_CARD_BYTES: number = 1024 * 1024;

/** What the front matter of a README says. */
export interface CardData {
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** Why it cannot be read; empty when it can, or when there is none. */
  readonly errors: readonly string[];
}

/** Reads the YAML between `---` lines at the beginning of a README. */
export function readCardData(readme: string): CardData {
  const match = /^\uFEFF?---[ \t]*\r?\n(?:([\s\S]*?)\r?\n)?---[ \t]*(?:\r?\n|$)/.exec(readme);
  if (match?.[1] === undefined) return { data: undefined, errors: [] };
  // No aliases: a few lines of them can unfold into gigabytes ("billion laughs").
  const document = parseDocument(match[1], { prettyErrors: true, logLevel: "silent", uniqueKeys: true });
  if (document.errors.length > 0) return { data: undefined, errors: document.errors.map((error) => error.message) };
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: 0 });
  } catch {
    return { data: undefined, errors: ["Aliases (*name) are not allowed in the metadata."] };
  }
  if (data === null || data === undefined) return { data: undefined, errors: [] };
  if (!isRecord(data)) return { data: undefined, errors: ["The metadata must be a list of names and values."] };
  return { data, errors: [] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
