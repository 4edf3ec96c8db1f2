import { type DsseEnvelope, parseEnvelope } from "@postern/core/provenance/dsse";
import { type ProvenanceKey, parseProvenanceKeys } from "@postern/core/provenance/provenance-key";

/** A file of a commit, as its tree names it. */
export interface CommittedFile {
  readonly path: string;
  /** As git stores it: `100644`, `100755`, `120000` (symbolic link), `160000` (submodule). */
  readonly mode: string;
  /** Git blob id, 40 hex digits; of the pointer, for an LFS file. */
  readonly oid: string;
}

/** Everything that checking one commit takes; nothing in it is believed before `verifyProvenance` has looked. */
export interface ProvenanceBundle {
  /** `models/acme/train`, as the server called it. */
  readonly repo: string;
  readonly commit: string;
  /** The commit object, as git stores it, without its header. */
  readonly object: Uint8Array<ArrayBuffer>;
  /** `undefined` for a commit without a statement. */
  readonly envelope: DsseEnvelope | undefined;
  /** As the server published them at the time; pin others where the server itself is in doubt. */
  readonly keys: readonly ProvenanceKey[];
  readonly files: readonly CommittedFile[];
}

/** Reads a bundle (docs/reference/provenance.md). @throws {Error} when it is cut off or malformed. */
export function parseProvenanceBundle(text: string): ProvenanceBundle {
  const lines = text.split("\n").filter((line) => line !== "");
  const [head, ...rest] = lines.map(parseLine);
  const end = rest.pop();
  if (head?.kind !== "commit" || end?.kind !== "end" || end.files !== rest.length)
    throw new Error("The bundle is cut off or no provenance bundle.");
  const { repo, commit, object } = head;
  if (typeof repo !== "string" || typeof commit !== "string" || typeof object !== "string")
    throw new Error("The bundle's first line is malformed.");
  const envelope = head.envelope === null ? undefined : parseEnvelope(head.envelope);
  if (head.envelope !== null && envelope === undefined) throw new Error("The bundle's envelope is malformed.");
  return {
    repo,
    commit,
    object: Uint8Array.from(atob(object), (character) => character.charCodeAt(0)),
    envelope,
    keys: parseProvenanceKeys(head.keys),
    files: rest.map(fileOf),
  };
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  const json: unknown = JSON.parse(line);
  if (typeof json !== "object" || json === null) throw new Error("The bundle has a line that is no object.");
  return { ...json };
}

function fileOf({ kind, path, mode, oid }: Readonly<Record<string, unknown>>): CommittedFile {
  if (kind !== "file" || typeof path !== "string" || typeof mode !== "string" || typeof oid !== "string")
    throw new Error("The bundle has a line that is no file.");
  if (!/^[0-9a-f]{40}$/.test(oid) || !/^1[0-7]{5}$/.test(mode))
    throw new Error(`The bundle's file ${path} is malformed.`);
  return { path, mode, oid };
}
