import { resolveEndpoint } from "../endpoint/endpoint.ts";
import { type Environment, isSwitchedOn } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";
import { TokenError } from "../error/token-error.ts";
import type { CallOptions } from "../http/call-limits.ts";
import { audienceOf } from "../mint/audience.ts";
import { chooseIdTokenSource } from "../mint/choose-id-token-source.ts";
import type { FetchFunction, Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "./clean-token.ts";
import type { OidcTokenCache } from "./oidc-token-cache.ts";
import { readTokenFile } from "./token-file.ts";

/** Whether a keyless login comes before stored tokens or only when there are none. */
export type OidcPrecedence = "first" | "last";

export interface ResolveTokenOptions extends CallOptions {
  /**
   * A token that beats everything; `false` for none at all; `true` for the resolved one although
   * `HF_HUB_DISABLE_IMPLICIT_TOKEN` is set.
   */
  readonly token?: string | boolean | undefined;
  /** Default `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint?: string | undefined;
  /** Default `HF_OIDC_RESOURCE`; not blank turns the exchange on. */
  readonly resource?: string | undefined;
  /** Default `HF_OIDC_PRECEDENCE`, else `first`. */
  readonly oidc?: OidcPrecedence | undefined;
  /** Bind the token of a keyless login to a key of this process where the server offers it (RFC 9449); see `prove` of the answer. */
  readonly dpop?: boolean | undefined;
}

/** Where the token came from, or why there is none. */
export type TokenResolution =
  | { readonly kind: "token"; readonly token: string; readonly source: "explicit" | "environment" | "file" }
  | {
      readonly kind: "token";
      readonly token: string;
      readonly source: "oidc";
      readonly resource: string;
      /** There when the token is bound: every request that carries it must leave by a `fetch` that this made. */
      readonly prove?: (fetch: FetchFunction) => FetchFunction;
    }
  | { readonly kind: "none"; readonly reason: "not_wanted" | "switched_off" | "not_found" };

/**
 * Finds the token to send: explicit, then the keyless login when it is turned on, then the environment, then the token file.
 *
 * A keyless login that was asked for and fails never falls through to a stored token: that would act under another identity,
 * silently.
 *
 * @throws {OidcError} when the keyless login fails. @throws {TokenError} when a given or stored token cannot be used.
 */
export async function resolveToken(
  options: ResolveTokenOptions,
  runtime: Runtime,
  cache: OidcTokenCache,
): Promise<TokenResolution> {
  options.signal?.throwIfAborted();
  const { environment } = runtime;
  if (typeof options.token === "string") return explicit(options.token);
  if (options.token === false) return { kind: "none", reason: "not_wanted" };
  if (options.token !== true && isSwitchedOn(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
    return { kind: "none", reason: "switched_off" };
  }
  const resource = wantedResource(options, environment);
  if (resource === undefined) return (await stored(runtime)) ?? { kind: "none", reason: "not_found" };
  if (precedence(options, environment) === "last") {
    const found = await stored(runtime);
    if (found !== undefined) return found;
  }
  const endpoint = resolveEndpoint(options.endpoint, environment);
  const source = chooseIdTokenSource(environment, audienceOf(undefined, endpoint, environment), undefined);
  const login = { endpoint, resource, source, dpop: options.dpop === true };
  const { accessToken, prove } = await cache.get(login, options);
  return { kind: "token", token: accessToken, source: "oidc", resource, ...(prove === undefined ? {} : { prove }) };
}

function explicit(text: string): TokenResolution {
  const token = cleanToken(text);
  if (token !== undefined) return { kind: "token", token, source: "explicit" };
  throw new TokenError(
    "token_blank",
    "The token given is blank. Pass a token, or leave it out to use the one of this machine or job.",
  );
}

/** Setting the variable is the opt-in, so blanks alone are a mistake to report, not a reason to go on without. */
function wantedResource(options: ResolveTokenOptions, environment: Environment): string | undefined {
  const text = options.resource ?? environment.HF_OIDC_RESOURCE;
  if (text === undefined || text === "") return undefined;
  const resource = text.trim();
  if (resource !== "") return resource;
  throw new OidcError(
    "invalid_resource",
    "HF_OIDC_RESOURCE is set but blank. Set it to a repo such as acme/model or datasets/acme/data or to a user name, or unset it.",
  );
}

function precedence(options: ResolveTokenOptions, environment: Environment): OidcPrecedence {
  const text = options.oidc ?? (environment.HF_OIDC_PRECEDENCE || "first").trim().toLowerCase();
  if (text === "first" || text === "last") return text;
  throw new OidcError(
    "invalid_option",
    "HF_OIDC_PRECEDENCE must be `first` or `last`, for example HF_OIDC_PRECEDENCE=last.",
  );
}

/** The second variable counts only when the first is empty. */
async function stored(runtime: Runtime): Promise<TokenResolution | undefined> {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = runtime.environment;
  const fromEnvironment = cleanToken(HF_TOKEN || HUGGING_FACE_HUB_TOKEN);
  if (fromEnvironment !== undefined) return { kind: "token", token: fromEnvironment, source: "environment" };
  const fromFile = await readTokenFile(runtime);
  return fromFile === undefined ? undefined : { kind: "token", token: fromFile, source: "file" };
}
