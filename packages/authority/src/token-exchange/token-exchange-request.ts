import { showClaimValue } from "@postern/core/match/explain-check";
import { parseResource, type Resource } from "@postern/core/resource/resource";
import { exchangeRefusal } from "./exchange-refusal.ts";

export const TOKEN_EXCHANGE_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const ID_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:id_token";
export const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

/** Asks for something that we would not do; ignoring them silently could grant more or other than the caller believes. */
const FOREIGN_PARAMETERS = [
  "actor_token",
  "actor_token_type",
  "scope",
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "assertion",
  "code",
  "refresh_token",
  "device_code",
  "username",
  "password",
] as const;

/** A well-formed exchange (RFC 8693 §2.1). Nothing in it is verified. */
export interface TokenExchangeRequest {
  readonly subjectToken: string;
  readonly resource: Resource;
}

/**
 * Reads the parameters of an exchange.
 *
 * @param audiences - The names of this deployment: `audience` may only repeat one of them.
 * @throws {OAuthError} `invalid_request` TP1002, TP1005 to TP1008.
 */
export function parseTokenExchangeRequest(
  parameters: ReadonlyMap<string, string>,
  authorization: string | undefined,
  audiences: ReadonlySet<string>,
): TokenExchangeRequest {
  if (authorization !== undefined) throw exchangeRefusal("TP1006");
  const type = required(parameters, "subject_token_type");
  if (type !== ID_TOKEN_TYPE) throw exchangeRefusal("TP1005", { sentence: `Got ${showClaimValue(type)}.` });
  refuseForeign(parameters, audiences);
  const subjectToken = required(parameters, "subject_token");
  const resource = parseResource(required(parameters, "resource"));
  if (resource === undefined) throw exchangeRefusal("TP1008");
  return { subjectToken, resource };
}

function required(parameters: ReadonlyMap<string, string>, name: string): string {
  const value = parameters.get(name);
  // RFC 6749 §3.1: a parameter without a value is treated as if it were left out.
  if (value === undefined || value === "") throw exchangeRefusal("TP1002", { sentence: `There is no ${name}.` });
  return value;
}

function refuseForeign(parameters: ReadonlyMap<string, string>, audiences: ReadonlySet<string>): void {
  for (const name of FOREIGN_PARAMETERS) {
    if (has(parameters, name)) throw exchangeRefusal("TP1007", { sentence: `It carries ${name}.` });
  }
  const requestedType = parameters.get("requested_token_type") ?? "";
  if (requestedType !== "" && requestedType !== ACCESS_TOKEN_TYPE)
    throw exchangeRefusal("TP1007", { sentence: "Its requested_token_type is no access token." });
  const audience = parameters.get("audience") ?? "";
  if (audience !== "" && !audiences.has(audience))
    throw exchangeRefusal("TP1007", { sentence: "Its audience is another service." });
}

function has(parameters: ReadonlyMap<string, string>, name: string): boolean {
  return (parameters.get(name) ?? "") !== "";
}
