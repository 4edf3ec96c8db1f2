import { ApiError } from "@postern/core/error/api-error";
import { defaultIssuerOf } from "@postern/core/provider/issuer-of-provider";
import { type PublisherDraft, parsePublisherDraft } from "@postern/core/publisher/publisher-draft";
import { validateClaims } from "@postern/core/publisher/validate-claims";
import type { RepoRef } from "@postern/core/resource/repo-ref";
import { parseResource } from "@postern/core/resource/resource";
import { parse } from "yaml";
import { CliError } from "../../../failure/cli-error.ts";
import { isRecord, type JsonRecord } from "../../../http/json-value.ts";

/** One publisher as the file wants it. */
export interface WantedPublisher {
  readonly draft: PublisherDraft;
  /** As it is sent to the server: the file's own fields, without `pending`. */
  readonly body: JsonRecord;
  /** Hold the name when the repo does not exist. */
  readonly pending: boolean;
}

export interface WantedRepo {
  readonly repo: RepoRef;
  readonly publishers: readonly WantedPublisher[];
  /** Remove publishers that the file does not name. */
  readonly prune: boolean;
}

/**
 * Reads `publishers.yaml` (docs/reference/publishers.schema.json); JSON is YAML too.
 *
 * Everything is judged before anything is asked of the server, so that a slip in the last entry changes nothing.
 *
 * @throws {CliError} naming the place in the file.
 */
export function parsePublishersFile(text: string): readonly WantedRepo[] {
  const root = objectAt(parseYaml(text), "the file", ["version", "prune", "repos"]);
  if (root.version !== 1) throw wrong("version", "must be 1");
  const prune = flagAt(root.prune, "prune");
  if (!isRecord(root.repos)) throw wrong("repos", "must be an object of repo names");
  const seen = new Set<string>();
  return Object.entries(root.repos).map(([name, value]) => {
    const resource = parseResource(name);
    if (resource?.kind !== "repo") throw wrong(`repos.${name}`, "is no repo: write acme/model or datasets/acme/corpus");
    if (seen.has(name.toLowerCase())) throw wrong(`repos.${name}`, "is there twice");
    seen.add(name.toLowerCase());
    const entry = objectAt(value, `repos.${name}`, ["publishers", "prune"]);
    const list: readonly unknown[] | undefined = Array.isArray(entry.publishers) ? entry.publishers : undefined;
    if (list === undefined) throw wrong(`repos.${name}.publishers`, "must be a list");
    const publishers = list.map((one, index) => wantedAt(one, `repos.${name}.publishers[${index}]`));
    return {
      repo: resource.repo,
      publishers,
      prune: entry.prune === undefined ? prune : flagAt(entry.prune, `repos.${name}.prune`),
    };
  });
}

function parseYaml(text: string): unknown {
  try {
    // Aliases can make a small file a large one.
    return parse(text, { maxAliasCount: 20, prettyErrors: true });
  } catch (cause) {
    const words = cause instanceof Error ? (cause.message.split("\n", 1)[0] ?? "") : "";
    throw new CliError(`The file is no YAML: ${words}`, { cause });
  }
}

function wantedAt(value: unknown, place: string): WantedPublisher {
  if (!isRecord(value)) throw wrong(place, "must be an object");
  const { pending, ...body } = value;
  try {
    const parsed = parsePublisherDraft(body);
    validateClaims(parsed);
    const draft = {
      ...parsed,
      issuer: parsed.issuer ?? defaultIssuerOf(parsed.provider),
      access: parsed.access ?? ("write" as const),
    };
    if (draft.issuer === undefined) throw wrong(`${place}.issuer`, "is missing");
    return { draft, body, pending: flagAt(pending, `${place}.pending`) };
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    throw new CliError(`${place}${(cause.field ?? "").replaceAll("/", ".")}: ${cause.message}`, {
      ...(cause.remedy === undefined ? {} : { next: cause.remedy }),
    });
  }
}

function objectAt(value: unknown, place: string, members: readonly string[]): JsonRecord {
  if (!isRecord(value)) throw wrong(place, "must be an object");
  const odd = Object.keys(value).find((name) => !members.includes(name));
  if (odd !== undefined) throw wrong(`${place}.${odd}`, `is unknown; use ${members.join(", ")}`);
  return value;
}

function flagAt(value: unknown, place: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw wrong(place, "must be true or false");
}

function wrong(place: string, words: string): CliError {
  return new CliError(`${place} ${words}.`, { next: "See docs/reference/publishers.schema.json." });
}
