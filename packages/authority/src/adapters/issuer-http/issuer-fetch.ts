import { lookup as systemLookup } from "node:dns/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { JsonValue } from "@postern/core/claims/claim-set";
import { parseStrictJson } from "@postern/core/claims/strict-json";
import { isBlockedAddress } from "./blocked-address.ts";

const MAX_BYTES = 65_536;
const MAX_DEPTH = 16;
const DEADLINE_MS = 3000;

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Looks a host name up; the system's resolver unless a test brings its own. */
export type ResolveHost = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface IssuerFetchOptions {
  readonly resolveHost?: ResolveHost;
  /** Where public issuers listen; only tests use another. */
  readonly httpsPort?: number;
}

/** Why a document was not fetched. */
export type IssuerFetchFailure =
  | "bad-url"
  | "not-https"
  | "bad-port"
  | "blocked-address"
  | "unresolvable"
  | "unreachable"
  | "timeout"
  | "redirect"
  | "bad-status"
  | "bad-content-type"
  | "too-large"
  | "bad-json";

/** A fetch that failed. `message` names the URL's origin and the reason, never a body. */
export class IssuerFetchError extends Error {
  readonly reason: IssuerFetchFailure;

  constructor(reason: IssuerFetchFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "IssuerFetchError";
    this.reason = reason;
  }
}

export interface IssuerDocument {
  readonly value: JsonValue;
  readonly cacheControl: string | undefined;
}

/**
 * Fetches one JSON document of an issuer, under the rules against server-side request forgery (trusted-publishing §3, 12 and 13).
 *
 * `https` on port 443 and public addresses only, unless `allowOrigins` holds the URL's exact origin; the checked address is the
 * dialled one, so a second DNS answer changes nothing; no redirects; at most 64 KiB and 3 seconds; a JSON content type.
 *
 * @throws {IssuerFetchError}
 */
export async function fetchIssuerDocument(
  address: string,
  allowOrigins: readonly string[],
  options: IssuerFetchOptions = {},
): Promise<IssuerDocument> {
  const url = checkUrl(address, allowOrigins, options.httpsPort ?? 443);
  const excepted = allowOrigins.includes(url.origin);
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    const checked = await withDeadline(resolveOnce(url, excepted, options.resolveHost ?? resolveBySystem), deadline);
    return await download(url, checked, deadline);
  } catch (cause) {
    if (cause instanceof IssuerFetchError) throw cause;
    if (deadline.aborted) throw new IssuerFetchError("timeout", `${url.origin} did not answer in time`, cause);
    throw new IssuerFetchError("unreachable", `${url.origin} cannot be reached`, cause);
  }
}

function checkUrl(address: string, allowOrigins: readonly string[], httpsPort: number): URL {
  if (!URL.canParse(address) || address.length > 1024) throw new IssuerFetchError("bad-url", "the address is no URL");
  const url = new URL(address);
  if (url.username !== "" || url.password !== "" || url.hash !== "")
    throw new IssuerFetchError("bad-url", "the address carries credentials or a fragment");
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new IssuerFetchError("not-https", `${url.protocol} is not https`);
  if (allowOrigins.includes(url.origin)) return url;
  if (url.protocol !== "https:") throw new IssuerFetchError("not-https", `${url.origin} is not https`);
  if ((url.port === "" ? 443 : Number(url.port)) !== httpsPort)
    throw new IssuerFetchError("bad-port", `${url.origin} is not on port ${httpsPort}`);
  return url;
}

async function resolveBySystem(hostname: string): Promise<readonly ResolvedAddress[]> {
  return systemLookup(hostname, { all: true, verbatim: true });
}

/** One look-up; every answer must be public, because the next connection could pick any of them. */
async function resolveOnce(
  url: URL,
  excepted: boolean,
  resolveHost: ResolveHost,
): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]> {
  const hostname = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  const family = isIP(hostname);
  const addresses = family === 0 ? await lookUp(url, hostname, resolveHost) : [{ address: hostname, family }];
  const [first, ...rest] = addresses;
  if (first === undefined) throw new IssuerFetchError("unresolvable", `${url.origin} has no address`);
  if (!excepted && addresses.some(({ address }) => isBlockedAddress(address)))
    throw new IssuerFetchError("blocked-address", `${url.origin} is at an address that is not public`);
  return [first, ...rest];
}

async function lookUp(url: URL, hostname: string, resolveHost: ResolveHost): Promise<readonly ResolvedAddress[]> {
  try {
    return await resolveHost(hostname);
  } catch (cause) {
    throw new IssuerFetchError("unresolvable", `${url.origin} has no address`, cause);
  }
}

function download(
  url: URL,
  checked: readonly [ResolvedAddress, ...ResolvedAddress[]],
  signal: AbortSignal,
): Promise<IssuerDocument> {
  // Hands the checked addresses to the socket. Node asks for all of them when it may try several.
  const lookup: LookupFunction = (_hostname, { all }, callback) => {
    if (all === true) callback(null, [...checked]);
    else callback(null, checked[0].address, checked[0].family);
  };
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // No agent: a pooled connection could lead to an address that nobody checked.
    const request = send(
      url,
      { agent: false, lookup, signal, headers: { accept: "application/json", "user-agent": "postern" } },
      (response) => {
        readJson(url, response).then(resolve, (cause: unknown) => {
          request.destroy();
          reject(cause);
        });
      },
    );
    request.on("error", reject);
    request.end();
  });
}

async function readJson(url: URL, response: IncomingMessage): Promise<IssuerDocument> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400)
    throw new IssuerFetchError("redirect", `${url.origin} answers with a redirect, which is not followed`);
  if (status !== 200) throw new IssuerFetchError("bad-status", `${url.origin} answers ${status}`);
  const type = (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (!/^application\/(?:[a-z0-9.-]+\+)?json$/.test(type) || response.headers["content-encoding"] !== undefined)
    throw new IssuerFetchError("bad-content-type", `${url.origin} does not answer with plain JSON`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    if (size > MAX_BYTES) throw new IssuerFetchError("too-large", `${url.origin} answers with more than 64 KiB`);
    chunks.push(chunk);
  }
  const json = parseStrictJson(Buffer.concat(chunks).toString("utf8"), MAX_DEPTH);
  if (json.kind === "refused") throw new IssuerFetchError("bad-json", `${url.origin} answers with malformed JSON`);
  return { value: json.value, cacheControl: response.headers["cache-control"] };
}

/** DNS has no abort signal of its own. */
function withDeadline<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    deadline.addEventListener("abort", () => reject(deadline.reason), { once: true });
    work.then(resolve, reject);
  });
}
