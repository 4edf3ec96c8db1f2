import type { Environment } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";

/** Used when neither the caller nor `HF_ENDPOINT` names one. */
export const DEFAULT_ENDPOINT = "https://huggingface.co";

/**
 * The hub's base URL without trailing slashes, otherwise as it was written: the audience must equal it byte for byte.
 *
 * Plain `http` is allowed because self-hosted hubs on a private network use it; no request ever leaves this origin.
 *
 * @throws {OidcError} `invalid_endpoint`.
 */
export function resolveEndpoint(given: string | undefined, environment: Environment): string {
  const text = (given || environment.HF_ENDPOINT || DEFAULT_ENDPOINT).trim().replace(/\/+$/, "");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const usable =
    url !== undefined &&
    (url.protocol === "https:" || url.protocol === "http:") &&
    url.username === "" &&
    url.password === "" &&
    !/[?#\s\\]/.test(text);
  if (!usable) {
    const origin = given ? "The endpoint given" : "HF_ENDPOINT";
    throw new OidcError(
      "invalid_endpoint",
      `${origin} is not the URL of a hub. Write it as ${DEFAULT_ENDPOINT}, without user name, query or fragment.`,
    );
  }
  return text;
}
