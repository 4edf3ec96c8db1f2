import { createHash, type KeyObject, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { IssuerUrl } from "@postern/core/issuer/issuer-url";
import type { Clock } from "@postern/core/time/clock";
import { applyOverrides } from "../claim/apply-overrides.ts";
import type { ClaimOverrides, ClaimSet } from "../claim/claim-value.ts";
import { type Fault, isTokenFault, type TokenFault } from "../fault/fault.ts";
import { KeyRing } from "../keys/key-ring.ts";
import type {
  ClaimsRequest,
  GitHubSubjectShape,
  JobScenario,
  SimulatedProvider,
} from "../providers/simulated-provider.ts";
import { faultyClaims } from "../token/faulty-claims.ts";
import { signClaims } from "../token/sign-claims.ts";

/** What a token is to say; everything left out is as in an ordinary push to `acme/train`. */
export interface TokenRequest {
  /** Several become an array; left out, the provider's own default. */
  readonly audience?: string | readonly string[];
  readonly claims?: ClaimOverrides;
  /** In addition to the issuer's own token faults. */
  readonly faults?: readonly TokenFault[];
  readonly scenario?: JobScenario;
  readonly githubSubject?: GitHubSubjectShape;
  /** From `iat` to `exp`; left out, the provider's own. */
  readonly lifetimeSeconds?: number;
}

interface OpenJob {
  readonly bearerDigest: Buffer;
  readonly request: TokenRequest;
}

/** One provider's issuer: keys, faults, and the jobs that may ask it for tokens. */
export class SimulatedIssuer {
  readonly url: IssuerUrl;
  readonly provider: SimulatedProvider;
  readonly keys: KeyRing;
  readonly #clock: Clock;
  readonly #jobs = new Map<string, OpenJob>();
  #faults: readonly Fault[] = [];

  constructor(url: IssuerUrl, provider: SimulatedProvider, clock: Clock, signingKey: KeyObject | undefined) {
    this.url = url;
    this.provider = provider;
    this.keys = new KeyRing(signingKey, provider.algorithm);
    this.#clock = clock;
  }

  get faults(): readonly Fault[] {
    return this.#faults;
  }

  /** Replaces all faults. `rotated-key` takes effect once, when it was not on before. */
  async setFaults(faults: readonly Fault[]): Promise<void> {
    const rotates = (list: readonly Fault[]): boolean => list.some((fault) => fault.kind === "rotated-key");
    const rotate = rotates(faults) && !rotates(this.#faults);
    this.#faults = faults;
    if (rotate) await this.keys.rotate(false);
  }

  /** Where the foreign key of `jku-header` is served. */
  get foreignKeysUrl(): string {
    return `${this.url}/foreign/jwks`;
  }

  /** The consistent claims of such a job, overrides applied, without `aud`, times and `jti` unless those are overridden. */
  jobClaims(request: TokenRequest): ClaimSet {
    const claimsRequest = this.#claimsRequest(request);
    return applyOverrides({ iss: this.url, ...this.provider.claims(claimsRequest) }, claimsRequest.overrides);
  }

  /** A job's token request, with what its query asks for besides; a person's own overrides still win. */
  asAsked(job: TokenRequest, asked: URLSearchParams): TokenRequest {
    const chosen = this.provider.asked?.(asked, this.#claimsRequest(job));
    return chosen === undefined ? job : { ...job, ...chosen, claims: { ...chosen.claims, ...job.claims } };
  }

  #claimsRequest(request: TokenRequest): ClaimsRequest {
    return {
      issuer: this.url,
      scenario: request.scenario ?? "trusted",
      overrides: request.claims ?? {},
      githubSubject: request.githubSubject ?? "immutable",
    };
  }

  async issue(request: TokenRequest): Promise<string> {
    const overrides = request.claims ?? {};
    const claims = this.jobClaims(request);
    const now = this.#clock.now();
    const overriddenIat = overrides.iat;
    const iat = typeof overriddenIat === "number" ? overriddenIat : now;
    const { notBefore, expires } = this.provider.lifetime;
    const audiences = typeof request.audience === "string" ? [request.audience] : (request.audience ?? []);
    const [only] = audiences;
    const single = audiences.length === 1 && this.provider.listsAudiences !== true;
    const aud = only === undefined ? this.provider.defaultAudience(claims) : single ? only : audiences;
    const leavesOut = this.provider.leavesOut ?? [];
    const complete = {
      ...(leavesOut.includes("jti") ? {} : { jti: randomUUID() }),
      aud,
      iat,
      ...(leavesOut.includes("nbf") ? {} : { nbf: iat + notBefore }),
      exp: iat + (request.lifetimeSeconds ?? expires),
      ...claims,
    };
    const faults = [...this.#faults.filter(isTokenFault), ...(request.faults ?? [])];
    const chosen = applyOverrides(complete, overrides);
    return signClaims(faultyClaims(chosen, faults, now), faults, this.keys, this.foreignKeysUrl);
  }

  /** Lets one job ask for tokens over HTTP until `close` is called. */
  openJob(request: TokenRequest): { readonly id: string; readonly bearer: string; readonly close: () => void } {
    const id = randomUUID();
    const bearer = randomBytes(32).toString("base64url");
    this.#jobs.set(id, { bearerDigest: digest(bearer), request });
    return { id, bearer, close: () => void this.#jobs.delete(id) };
  }

  /** The token request of a running job, `undefined` unless the bearer is that job's own. */
  authorisedJob(id: string, bearer: string): TokenRequest | undefined {
    const job = this.#jobs.get(id);
    return job !== undefined && timingSafeEqual(job.bearerDigest, digest(bearer)) ? job.request : undefined;
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
