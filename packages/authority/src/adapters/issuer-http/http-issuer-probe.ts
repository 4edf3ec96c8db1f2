import type { Issuer } from "@postern/core/issuer/issuer";
import { PRESETS } from "@postern/core/provider/presets";
import type { IssuerProbe, ProbeOutcome } from "../../issuers/issuer-probe.ts";
import { thumbprintsOf } from "../../issuers/key-thumbprint.ts";
import { discoverKeys, IssuerMismatchError, UnusableKeysError } from "./discover-keys.ts";
import { IssuerFetchError, type IssuerFetchOptions } from "./issuer-fetch.ts";

/** Reads an issuer over HTTP under the same rules as an exchange does. */
export class HttpIssuerProbe implements IssuerProbe {
  readonly #options: IssuerFetchOptions;

  constructor(options: IssuerFetchOptions = {}) {
    this.#options = options;
  }

  async probe(issuer: Issuer): Promise<ProbeOutcome> {
    try {
      const { keys } = await discoverKeys(issuer, this.#options);
      const { algorithms } = PRESETS[issuer.provider];
      if (keys.some(({ alg }) => algorithms.includes(alg))) return { kind: "usable", thumbprints: thumbprintsOf(keys) };
      return { kind: "unusable", reason: `it publishes no key for ${algorithms.join(" or ")}` };
    } catch (cause) {
      if (cause instanceof IssuerMismatchError) return { kind: "mismatch", got: cause.got };
      if (cause instanceof UnusableKeysError) return { kind: "unusable", reason: cause.message };
      if (cause instanceof IssuerFetchError) return { kind: "unreachable", reason: cause.message };
      throw cause;
    }
  }
}
