import { type Document, isScalar, parseDocument, visit } from "yaml";

/** Longest README that is looked at for its front matter, in bytes. */
export const MAX_CARD_BYTES: number = 1024 * 1024;
/** Longest front matter, in characters: reading YAML costs far more than its length. */
const MAX_METADATA_LENGTH = 128 * 1024;
/** Each fault comes with an excerpt; the first ones are enough to go on. */
const MAX_ERRORS = 10;

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
  // The parser compares every key with every other one, which a few thousand of them turn into seconds; `repeatedKey` does not.
  const document = parseDocument(metadata, { prettyErrors: true, logLevel: "silent", uniqueKeys: false });
  if (document.errors.length > 0) {
    return { data: undefined, errors: document.errors.slice(0, MAX_ERRORS).map((error) => error.message) };
  }
  const repeated = repeatedKey(document);
  if (repeated !== undefined) return unreadable(`Map keys must be unique: "${repeated.slice(0, 100)}" occurs twice.`);
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

/** A key that one map has twice: readers would disagree about its value. */
function repeatedKey(document: Document): string | undefined {
  let repeated: string | undefined;
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) {
          repeated = name;
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return repeated;
}

function unreadable(reason: string): CardData {
  return { data: undefined, errors: [reason] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
