import { ApiError } from "@postern/core/error/api-error";
import type { Issuer } from "@postern/core/issuer/issuer";
import { type IssuerUrl, parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { fitIssuer } from "@postern/core/provider/issuer-of-provider";
import { PRESETS } from "@postern/core/provider/presets";
import { PROVIDER_IDS, type ProviderId, parseProviderId } from "@postern/core/provider/provider-id";
import { parseUploadedKeySet } from "./uploaded-key-set.ts";

const FIELDS: ReadonlySet<string> = new Set(["provider", "url", "allow_origins", "jwks", "hold_keys"]);
const MAX_ORIGINS = 16;

export interface IssuerDraft extends Pick<Issuer, "provider" | "url" | "allowOrigins" | "keySet"> {
  /** Whether keys that it shows later wait for an administrator. */
  readonly holdKeys: boolean;
}

/**
 * Reads the JSON body of `POST /issuers`.
 *
 * @param configuredOrigins - Excepted by the operator's configuration for every issuer; stored with it as if the body named them.
 * @throws {ApiError} `invalid_body`; `invalid_field` naming the field and the remedy.
 */
export function parseIssuerDraft(body: unknown, configuredOrigins: readonly string[]): IssuerDraft {
  if (!isRecord(body)) throw new ApiError("invalid_body", "The body must be a JSON object.");
  for (const name of Object.keys(body)) {
    if (!FIELDS.has(name))
      throw invalidField(`/${name}`, `An issuer has no field ${name}.`, `Use ${[...FIELDS].join(", ")} only.`);
  }
  const provider = typeof body.provider === "string" ? parseProviderId(body.provider) : undefined;
  if (provider === undefined)
    throw invalidField("/provider", "The provider is missing or unknown.", `Use ${PROVIDER_IDS.join(", ")}.`);
  const url = typeof body.url === "string" ? parseIssuerUrl(body.url) : undefined;
  if (url === undefined)
    throw invalidField("/url", "The url is missing or no issuer.", "Give the exact text of the token's iss claim.");
  const allowOrigins = [...new Set([...parseOrigins(body.allow_origins), ...configuredOrigins])];
  judgeUrl(provider, url, allowOrigins);
  const holdKeys = body.hold_keys ?? false;
  if (typeof holdKeys !== "boolean" || (holdKeys && body.jwks !== undefined))
    throw invalidField(
      "/hold_keys",
      "The hold_keys field is neither true nor false, or true with uploaded keys.",
      "Use true or false; uploaded keys change by an administrator's hand only.",
    );
  const draft = { provider, url, allowOrigins, holdKeys };
  return body.jwks === undefined ? draft : { ...draft, keySet: parseUploadedKeySet(body.jwks, provider) };
}

function parseOrigins(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_ORIGINS)
    throw invalidField(
      "/allow_origins",
      "The excepted origins are no short list.",
      `Give at most ${MAX_ORIGINS} origins.`,
    );
  return value.map((origin: unknown, index) => {
    if (typeof origin === "string" && isOrigin(origin)) return origin;
    throw invalidField(
      `/allow_origins/${index}`,
      "This is no origin.",
      "Give scheme, host and port exactly, without a slash at the end: http://127.0.0.1:8081",
    );
  });
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function judgeUrl(provider: ProviderId, url: IssuerUrl, allowOrigins: readonly string[]): void {
  const { origin, protocol } = new URL(url);
  if (protocol === "http:" && !allowOrigins.includes(origin))
    throw invalidField(
      "/url",
      "An issuer must use https.",
      `If this plain http issuer is meant, allow its exact origin: ${origin}`,
    );
  const fit = fitIssuer(provider, url, allowOrigins);
  if (fit.kind === "other-preset")
    throw invalidField("/provider", `This host belongs to ${PRESETS[fit.preset].title}.`, `Use ${fit.preset}.`);
  if (fit.kind === "wrong-shape")
    throw invalidField(
      "/url",
      `${PRESETS[provider].title} has no issuer of this form.`,
      `Check the address; for a test instance, allow its exact origin: ${origin}`,
    );
}

function invalidField(field: string, message: string, remedy: string): ApiError {
  return new ApiError("invalid_field", message, { field, remedy });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
