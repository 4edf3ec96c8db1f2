import type { IssuerUrl } from "@postern/core/issuer/issuer-url";
import type { ClaimOverrides, ClaimSet } from "../claim/claim-value.ts";
import type { SimulatedAlgorithm } from "../keys/signing-key.ts";

/**
 * What kind of job runs.
 *
 * `no-id-token`: the workflow does not ask for an id token. `fork-pull-request`: a stranger's pull or merge request.
 */
export type JobScenario = "trusted" | "no-id-token" | "fork-pull-request";

/** `immutable` carries ids beside the names, as repositories made or renamed since 2026-07-15 do; `names` is the older form. */
export type GitHubSubjectShape = "immutable" | "names";

/** From which claims are derived. */
export interface ClaimsRequest {
  readonly issuer: IssuerUrl;
  readonly scenario: JobScenario;
  /** Claims derived from an overridden one follow it, unless they are overridden too. */
  readonly overrides: ClaimOverrides;
  readonly githubSubject: GitHubSubjectShape;
}

/** What a job's environment is made of. */
export interface JobDescription {
  readonly issuer: IssuerUrl;
  readonly scenario: JobScenario;
  /** Final: overrides applied. */
  readonly claims: ClaimSet;
  /** An own, private directory for the files that the variables name. */
  readonly directory: string;
  readonly workingDirectory: string;
  /** GitLab's `id_tokens`: variable name to audiences. */
  readonly idTokens: Readonly<Record<string, readonly string[]>>;
  /** Audiences of the one token that some providers put into a job's environment. */
  readonly audiences: readonly string[];
}

/** A request that reached an endpoint of one job. */
export interface JobRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface JobAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a job comes by its tokens: a provider uses one of these. */
export interface JobTokens {
  /** An endpoint that mints for this job alone, until the job ends. */
  openRequestEndpoint(): { readonly url: string; readonly bearer: string };
  /** A server for this job alone, until the job ends: what a cloud's metadata or token service is to its workloads. @returns its origin. */
  serve(answer: (request: JobRequest) => Promise<JobAnswer>): Promise<string>;
  issue(audiences: readonly string[]): Promise<string>;
}

/** What a job may choose about a token that it asks for, beside its audience. */
export interface AskedToken {
  readonly claims?: ClaimOverrides;
  readonly lifetimeSeconds?: number;
}

/** Variables, and files to be written below the job's directory before it starts. */
export interface JobSurroundings {
  readonly variables: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  /** Executables that stand in front of the job's `PATH`, by name. */
  readonly commands?: Readonly<Record<string, string>>;
}

/** One CI provider: its claims, its discovery document and what its jobs see. */
export interface SimulatedProvider {
  /** Where the JWKS lies, below the issuer URL. */
  readonly keysPath: string;
  /** Members of the discovery document beside `issuer` and `jwks_uri`. */
  readonly discovery: ClaimSet;
  /** Seconds from `iat` to `nbf` (not positive) and to `exp`. */
  readonly lifetime: { readonly notBefore: number; readonly expires: number };
  /** RS256 when left out. */
  readonly algorithm?: SimulatedAlgorithm;
  /** Registered claims that this provider's tokens do not carry. */
  readonly leavesOut?: readonly ("jti" | "nbf")[];
  /** True where even a single audience stands in an array. */
  readonly listsAudiences?: boolean;
  /** True where a job finds its tokens ready made, so that their audiences are chosen before it starts. */
  readonly readyMade?: boolean;
  /** Paths below the issuer's URL that are issuers of their own, with the same keys: one per tenant. */
  readonly tenants?: RegExp;
  /** What a tenant's discovery document says behind the provider's URL, where that is not the tenant's path. */
  issuerPath?(tenant: string): string;
  /** The audience of a token that was asked for without one. */
  defaultAudience(claims: ClaimSet): string;
  /** A consistent claim set; `iss aud iat nbf exp jti` are added by the issuer, and overrides are applied afterwards. */
  claims(request: ClaimsRequest): ClaimSet;
  /** What a job's own request for a token decides beside the audience. */
  asked?(query: URLSearchParams, request: ClaimsRequest): AskedToken;
  surroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings>;
}
