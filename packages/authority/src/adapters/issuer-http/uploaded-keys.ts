import { parseStrictJson } from "@postern/core/claims/strict-json";
import type { SigningAlgorithm } from "@postern/core/provider/provider-preset";
import { chooseKey, type IssuerKey, parseKeySet } from "../../issuers/key-set.ts";
import type { KeyLookup } from "../../token-exchange/issuer-keys.ts";

const MAX_DEPTH = 8;

interface Imported {
  readonly text: string;
  readonly keys: readonly IssuerKey[];
}

/**
 * Keys that an administrator uploaded. They come with the issuer's row, so a replaced set counts from the next token on, and no
 * request is ever made for them (test `takes a token by uploaded keys and opens no connection`).
 */
export class UploadedKeys {
  /** Importing a key costs more than verifying with it. One entry per issuer. */
  readonly #imported = new Map<string, Imported>();

  find(issuerId: string, keySet: string, kid: string | undefined, alg: SigningAlgorithm): KeyLookup {
    const known = this.#imported.get(issuerId);
    const imported = known?.text === keySet ? known : { text: keySet, keys: importAll(keySet) };
    if (imported !== known) this.#imported.set(issuerId, imported);
    const key = chooseKey(imported.keys, kid, alg);
    return key === undefined ? { kind: "unknown-key" } : { kind: "key", key };
  }
}

/** A stored set that cannot be read holds no key, so every token is refused. */
function importAll(keySet: string): readonly IssuerKey[] {
  const json = parseStrictJson(keySet, MAX_DEPTH);
  return json.kind === "json" ? (parseKeySet(json.value) ?? []) : [];
}
