import { setTimeout as sleep } from "node:timers/promises";
import { SignatureV4 } from "@smithy/signature-v4";
import { S3Error } from "./s3-error.ts";
import { elementText } from "./s3-xml.ts";
import { Sha256ForSigner } from "./sha256-for-signer.ts";

/** Where the store is and who we are to it. */
export interface S3Settings {
  /** Origin of the store's API, without a trailing slash. */
  readonly endpoint: string;
  /** Origin that clients reach the store at, when it is another one. */
  readonly publicEndpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface S3ClientDeps {
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970: signatures carry the time. */
  readonly nowMs: () => number;
}

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** `undefined` for the bucket itself. */
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  /** Milliseconds until the answer's head is there; default one minute. */
  readonly timeoutMs?: number;
}

/** Answers that are worth another try, and how often. */
const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;

/** Requests to an S3-compatible store, signed with AWS Signature Version 4. */
export class S3Client {
  readonly #settings: S3Settings;
  readonly #deps: S3ClientDeps;
  readonly #signer: SignatureV4;

  constructor(settings: S3Settings, deps: S3ClientDeps) {
    this.#settings = settings;
    this.#deps = deps;
    const { accessKeyId, secretAccessKey, sessionToken, region } = settings;
    this.#signer = new SignatureV4({
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
      region,
      service: "s3",
      sha256: Sha256ForSigner,
      // S3 signs paths as they are sent, every other service escapes them twice.
      uriEscapePath: false,
    });
  }

  get bucket(): string {
    return this.#settings.bucket;
  }

  /** @throws {S3Error} for an answer that is no success. @throws {TypeError} when the store cannot be reached. */
  async send(request: S3Request): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const last = attempt === ATTEMPTS;
      try {
        const response = await this.#once(request);
        if (response.ok) return response;
        const failure = await failureOf(request, response);
        if (last || !RETRIED.has(response.status)) throw failure;
      } catch (error) {
        if (last || error instanceof S3Error) throw error;
      }
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }

  /**
   * A URL that lets whoever has it make this one request for `seconds`.
   *
   * @param headers - The client has to send exactly these.
   */
  async presign(
    { method, key, query = {}, headers = {} }: Pick<S3Request, "method" | "key" | "query" | "headers">,
    seconds: number,
  ): Promise<string> {
    const at = this.#locate(key, this.#settings.publicEndpoint ?? this.#settings.endpoint);
    const signed = await this.#signer.presign(
      {
        ...requestTo(at),
        method,
        query: { ...query },
        headers: { ...headers, host: at.host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      },
      {
        expiresIn: seconds,
        signingDate: new Date(this.#deps.nowMs()),
        unhoistableHeaders: new Set(Object.keys(headers)),
      },
    );
    return `${at.origin}${at.pathname}?${queryText(signed.query ?? {})}`;
  }

  async #once({ method, key, query = {}, headers = {}, body, timeoutMs = 60_000 }: S3Request): Promise<Response> {
    const at = this.#locate(key, this.#settings.endpoint);
    const signed = await this.#signer.sign(
      {
        ...requestTo(at),
        method,
        query: { ...query },
        headers: { ...headers, host: at.host },
        ...(body === undefined ? {} : { body }),
      },
      { signingDate: new Date(this.#deps.nowMs()) },
    );
    // `fetch` sets the host by itself and takes no other.
    const { host: _host, ...sent } = signed.headers;
    const text = queryText(query);
    const gone = new AbortController();
    const timer = setTimeout(() => gone.abort(new Error("the object store did not answer in time")), timeoutMs);
    try {
      return await this.#deps.fetch(`${at.origin}${at.pathname}${text === "" ? "" : `?${text}`}`, {
        method,
        headers: sent,
        redirect: "error",
        signal: gone.signal,
        ...(body === undefined ? {} : { body }),
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #locate(key: string | undefined, endpoint: string): URL {
    const { bucket, pathStyle } = this.#settings;
    const base = new URL(endpoint);
    if (!pathStyle) base.hostname = `${bucket}.${base.hostname}`;
    base.pathname = `/${[...(pathStyle ? [bucket] : []), ...(key === undefined ? [] : [key])].join("/")}`;
    return base;
  }
}

function requestTo(at: URL): { protocol: string; hostname: string; port?: number; path: string } {
  return {
    protocol: at.protocol,
    hostname: at.hostname,
    ...(at.port === "" ? {} : { port: Number(at.port) }),
    path: at.pathname,
  };
}

function queryText(query: Readonly<Record<string, string | readonly string[] | null>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(String(value))}`)
    .join("&");
}

/** RFC 3986: what the signature was computed over, and no `+` for a space. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function failureOf({ method, query = {} }: S3Request, response: Response): Promise<S3Error> {
  const text = response.headers.get("content-type")?.includes("xml") ? (await response.text()).slice(0, 4096) : "";
  if (text === "") await response.body?.cancel();
  const verb = Object.keys(query)[0];
  return new S3Error(
    verb === undefined ? method : `${method} ${verb}`,
    response.status,
    elementText(text, "Code") ?? "",
  );
}
