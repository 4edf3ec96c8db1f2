import { parseDocument } from "yaml";

/** Longest README that is looked at for its front matter, in bytes. */
export const MAX_CARD_BYTES: number = 1024 * 1024;
/** Longest front matter, in characters: reading YAML costs far more than its length. */
const MAX_METADATA_LENGTH = 128 * 1024;

/** What the front matter of a README says. */
export interface CardData {
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** Why it cannot be read; empty when it can, or when there is none. */
  readonly errors: readonly string[];
}

/** Reads the YAML between `---` lines at the beginning of a README. */
export function readCardData(readme: string): CardData {
  const metadata = /^\uFEFF?---[ \t]*\r?\n(?:([\s\S]*?)\r?\n)?---[ \t]*(?:\r?\n|$)/.exec(readme)?.[1];
  if (metadata === undefined) return { data: undefined, errors: [] };
  if (metadata.length > MAX_METADATA_LENGTH) return unreadable("The metadata is longer than 128 KiB.");
  try {
    return parseMetadata(metadata);
  } catch {
    // Nesting deep enough to overflow the parser's stack.
    return unreadable("The metadata is nested too deeply.");
  }
}

function parseMetadata(metadata: string): CardData {
  const document = parseDocument(metadata, { prettyErrors: true, logLevel: "silent", uniqueKeys: true });
  if (document.errors.length > 0) return { data: undefined, errors: document.errors.map((error) => error.message) };
  let data: unknown;
  try {
    // No aliases: a few lines of them can unfold into gigabytes ("billion laughs").
    data = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return unreadable("Aliases (*name) are not allowed in the metadata.");
  }
  if (data === null || data === undefined) return { data: undefined, errors: [] };
  return isRecord(data) ? { data, errors: [] } : unreadable("The metadata must be a list of names and values.");
}

function unreadable(reason: string): CardData {
  return { data: undefined, errors: [reason] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
