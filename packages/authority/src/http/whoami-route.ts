import type {
  Principal,
  RepoWorkloadPrincipal,
  UserPrincipal,
  UserWorkloadPrincipal,
} from "@postern/core/access/principal";
import { HubError } from "@postern/core/error/hub-error";
import { repoPathOf } from "@postern/core/resource/repo-ref";
import { type EpochSeconds, toIsoTime } from "@postern/core/time/epoch-seconds";
import type { FastifyInstance } from "fastify";
import type { AccountStore } from "../accounts/account-store.ts";
import type { Identifier } from "../accounts/identify.ts";
import type { TokenStore } from "../tokens/token-store.ts";

export interface WhoamiRouteDeps {
  readonly identifier: Identifier;
  readonly accounts: AccountStore;
  readonly tokens: TokenStore;
}

type Json = Readonly<Record<string, unknown>>;

/** Adds `/api/whoami-v2` as the Hub's clients read it: `orgs` and `auth` are always there, because they index them unasked. */
export function registerWhoamiRoute(app: FastifyInstance, deps: WhoamiRouteDeps): void {
  app.get("/api/whoami-v2", async (request, reply) => {
    const principal = await deps.identifier.identify(request.headers.authorization);
    return reply.header("cache-control", "no-store").send(await describe(principal, deps));
  });
}

async function describe(principal: Principal, deps: WhoamiRouteDeps): Promise<Json> {
  switch (principal.kind) {
    case "anonymous":
      throw new HubError(
        401,
        "InvalidCredentials",
        "You are not logged in: send a token in the Authorization header.",
        {
          headers: { "www-authenticate": 'Basic realm="postern"' },
        },
      );
    case "user":
      return describeUser(principal, deps);
    case "user-workload":
      return describeUserWorkload(principal);
    case "repo-workload":
      return describeRepoWorkload(principal);
  }
}

async function describeUser(user: UserPrincipal, { accounts, tokens }: WhoamiRouteDeps): Promise<Json> {
  const token = await tokens.findPersonal(user.tokenId);
  const orgs = await Promise.all(
    user.memberships.map(async ({ org, role }) => {
      const account = await accounts.find(org);
      return {
        type: "org",
        id: idOf(account?.id),
        name: org,
        fullname: account?.fullname ?? org,
        email: null,
        canPay: false,
        periodEnd: null,
        avatarUrl: "",
        isEnterprise: false,
        roleInOrg: role,
      };
    }),
  );
  return {
    type: "user",
    id: idOf((await accounts.find(user.name))?.id),
    name: user.name,
    fullname: user.fullname,
    email: user.email ?? null,
    emailVerified: false,
    canPay: false,
    billingMode: "postpaid",
    periodEnd: null,
    isPro: false,
    avatarUrl: "",
    orgs,
    auth: {
      type: "access_token",
      accessToken: {
        displayName: user.tokenName,
        role: user.tokenRole,
        createdAt: token === undefined ? undefined : toIsoTime(token.createdAt),
      },
    },
  };
}

/** A job that reads as a user: the name is the user's, the rest says that it is no person. */
function describeUserWorkload(job: UserWorkloadPrincipal): Json {
  return {
    type: "app",
    id: job.tokenId,
    name: job.name,
    fullname: job.origin.subject,
    avatarUrl: "",
    orgs: [],
    scope: { entities: [job.name], role: "read" },
    auth: workloadAuth("read", job),
  };
}

function describeRepoWorkload(job: RepoWorkloadPrincipal): Json {
  const path = repoPathOf(job.repo);
  return {
    type: "app",
    id: job.tokenId,
    name: path,
    fullname: job.origin.subject,
    avatarUrl: "",
    orgs: [],
    scope: { entities: [path], role: job.access },
    auth: workloadAuth(job.access, job),
  };
}

function workloadAuth(
  role: string,
  job: { readonly expiresAt: EpochSeconds; readonly origin: { provider: string } },
): Json {
  return {
    type: "access_token",
    expiresAt: toIsoTime(job.expiresAt),
    accessToken: { displayName: `oidc-${job.origin.provider}`, role },
  };
}

/** 24 hexadecimal digits, the shape of the Hub's own ids. */
function idOf(accountId: number | undefined): string {
  return (accountId ?? 0).toString(16).padStart(24, "0");
}
