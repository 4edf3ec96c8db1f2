import { type CommitPredicate, IN_TOTO_PAYLOAD_TYPE, parseStatement } from "@postern/core/provenance/commit-statement";
import { type DsseEnvelope, preAuthEncoding } from "@postern/core/provenance/dsse";
import type { ProvenanceKey } from "@postern/core/provenance/provenance-key";
import { gitObjectId } from "./git-object-id.ts";
import type { ProvenanceBundle } from "./provenance-bundle.ts";
import { rebuiltTreeId } from "./rebuilt-tree.ts";

/** What a bundle proves about its commit. */
export type ProvenanceVerdict =
  /** A key signed that `predicate` holds, and the files are the commit's. */
  | { readonly kind: "verified"; readonly predicate: CommitPredicate; readonly keyId: string }
  /** The commit and its files fit together, but nobody vouches for it. */
  | { readonly kind: "no-statement" }
  /** Something in it is not what it says it is. */
  | {
      readonly kind: "forged";
      readonly reason: "commit" | "files" | "unknown-key" | "signature" | "statement" | "other-commit";
    };

/**
 * Checks a commit offline: its id against its content, its tree against the list of files, the signature against a key (DSSE v1.0,
 * ES256), the statement against the commit (in-toto Statement v1).
 *
 * @param keys - Those that are trusted; by default the ones in the bundle, which prove no more than the server did that sent it.
 */
export async function verifyProvenance(
  bundle: ProvenanceBundle,
  keys: readonly ProvenanceKey[] = bundle.keys,
): Promise<ProvenanceVerdict> {
  if ((await gitObjectId("commit", bundle.object)) !== bundle.commit) return { kind: "forged", reason: "commit" };
  const tree = /^tree ([0-9a-f]{40})\n/.exec(new TextDecoder().decode(bundle.object.subarray(0, 46)))?.[1];
  if (tree === undefined || !(await holdsExactly(tree, bundle))) return { kind: "forged", reason: "files" };
  if (bundle.envelope === undefined) return { kind: "no-statement" };
  return await judgeEnvelope(bundle.envelope, bundle.commit, keys);
}

async function holdsExactly(tree: string, { files }: ProvenanceBundle): Promise<boolean> {
  try {
    return (await rebuiltTreeId(files)) === tree;
  } catch {
    return false;
  }
}

async function judgeEnvelope(
  envelope: DsseEnvelope,
  commit: string,
  keys: readonly ProvenanceKey[],
): Promise<ProvenanceVerdict> {
  const known = envelope.signatures.flatMap((signature) =>
    keys.filter(({ kid }) => kid === signature.keyid).map((key) => ({ key, signature })),
  );
  if (known.length === 0) return { kind: "forged", reason: "unknown-key" };
  const payload = octetsOf(envelope.payload);
  const signed = payload === undefined ? undefined : preAuthEncoding(envelope.payloadType, payload);
  let keyId: string | undefined;
  for (const { key, signature } of known) {
    const sig = octetsOf(signature.sig);
    if (signed !== undefined && sig !== undefined && (await isSignedBy(key, signed, sig))) keyId ??= key.kid;
  }
  if (keyId === undefined || payload === undefined) return { kind: "forged", reason: "signature" };
  // Read only now: an unsigned statement is worth nothing.
  const statement =
    envelope.payloadType === IN_TOTO_PAYLOAD_TYPE ? parseStatement(new TextDecoder().decode(payload)) : undefined;
  if (statement === undefined) return { kind: "forged", reason: "statement" };
  if (!statement.commits.includes(commit)) return { kind: "forged", reason: "other-commit" };
  return { kind: "verified", predicate: statement.predicate, keyId };
}

async function isSignedBy(
  { kty, crv, x, y }: ProvenanceKey,
  signed: Uint8Array,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey(
      "jwk",
      { kty, crv, x, y },
      { name: "ECDSA", namedCurve: "P-256" },
      false,
      ["verify"],
    );
    return await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, Uint8Array.from(signed));
  } catch {
    return false;
  }
}

function octetsOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
