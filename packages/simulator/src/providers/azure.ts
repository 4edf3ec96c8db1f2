import { randomUUID } from "node:crypto";
import { chosenText, textClaim } from "../claim/apply-overrides.ts";
import type { ClaimSet } from "../claim/claim-value.ts";
import { stableUuid } from "../claim/stable-uuid.ts";
import type {
  ClaimsRequest,
  JobAnswer,
  JobDescription,
  JobRequest,
  JobSurroundings,
  JobTokens,
  SimulatedProvider,
} from "./simulated-provider.ts";

const GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const FEDERATED_FILE = "run/secrets/azure/tokens/azure-identity-token";

/**
 * Azure: an app asks its identity endpoint and gets tokens of version 1; with the claim `ver` at `2.0` the job is a pod on AKS that
 * trades its own token for one of version 2. One issuer per tenant, as in Entra.
 */
export const azure: SimulatedProvider = {
  keysPath: "/discovery/v2.0/keys",
  discovery: {
    response_types_supported: ["id_token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
  },
  lifetime: { notBefore: 0, expires: 86_400 },
  leavesOut: ["jti"],
  tenants: new RegExp(`^/${GUID}(?:/v2\\.0)?$`),
  // The slash at the end is part of the issuer of version 1.
  issuerPath: (tenant) => (tenant === "" || tenant.endsWith("/v2.0") ? tenant : `${tenant}/`),
  defaultAudience: () => "api://postern",
  claims: azureClaims,
  surroundings: azureSurroundings,
};

function azureClaims({ issuer, overrides, scenario }: ClaimsRequest): ClaimSet {
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  const tenant = chosen("tid", TENANT);
  const identity = scenario === "fork-pull-request" ? "mallory" : "publisher";
  const object = chosen("oid", stableUuid("entra object", `${tenant} ${identity}`));
  const application = stableUuid("entra application", `${tenant} ${identity}`);
  const second = chosen("ver", "1.0") === "2.0";
  return {
    iss: second ? `${issuer}/${tenant}/v2.0` : `${issuer}/${tenant}/`,
    ...(second ? { azp: application } : { appid: application, appidacr: "2", idp: `${issuer}/${tenant}/` }),
    idtyp: "app",
    oid: object,
    sub: object,
    tid: tenant,
    // Unlike everything else, the token's own id differs each time.
    uti: randomUUID().replaceAll("-", "").slice(0, 22),
    ver: second ? "2.0" : "1.0",
    xms_mirid: `/subscriptions/${stableUuid("azure subscription", tenant)}/resourcegroups/ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${identity}`,
  };
}

async function azureSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const cached = new Map<string, Promise<string>>();
  const tokenFor = (audience: string): Promise<string> => {
    const token = cached.get(audience) ?? tokens.issue([audience]);
    cached.set(audience, token);
    return token;
  };
  return textClaim(job.claims, "ver") === "2.0"
    ? podSurroundings(job, tokens, tokenFor)
    : appSurroundings(job, tokens, tokenFor);
}

type TokenFor = (audience: string) => Promise<string>;

async function appSurroundings(job: JobDescription, tokens: JobTokens, tokenFor: TokenFor): Promise<JobSurroundings> {
  const secret = randomUUID();
  const origin = await tokens.serve(async ({ url, headers }): Promise<JobAnswer> => {
    if (url.pathname !== "/msi/token" || headers["x-identity-header"] !== secret)
      return failure(401, "unauthorized_client", "The identity header is missing or wrong.");
    const resource = url.searchParams.get("resource") ?? "";
    if (url.searchParams.get("api-version") !== "2019-08-01")
      return failure(400, "invalid_request", "Unknown api-version.");
    // As on an app to which nobody assigned an identity.
    if (job.scenario === "no-id-token")
      return failure(400, "invalid_request", "No managed identity was found for this app.");
    if (!isRegistered(resource)) return unknownResource(resource);
    const access_token = await tokenFor(resource);
    const client_id = textClaim(job.claims, "appid");
    return {
      status: 200,
      body: JSON.stringify({ access_token, client_id, resource, token_type: "Bearer", expires_on: "0" }),
    };
  });
  return {
    variables: {
      WEBSITE_SITE_NAME: "publisher",
      IDENTITY_ENDPOINT: `${origin}/msi/token`,
      IDENTITY_HEADER: secret,
    },
    files: {},
  };
}

async function podSurroundings(job: JobDescription, tokens: JobTokens, tokenFor: TokenFor): Promise<JobSurroundings> {
  const tenant = textClaim(job.claims, "tid") ?? TENANT;
  const client = textClaim(job.claims, "azp") ?? "";
  // Stands for the pod's own token; the cluster's issuer is not Entra.
  const assertion = await tokens.issue(["api://AzureADTokenExchange"]);
  const origin = await tokens.serve(async (request) => {
    const form = new URLSearchParams(request.body);
    const refusal = judgeAssertion(request, form, { tenant, client, assertion });
    if (refusal !== undefined) return refusal;
    const audience = (form.get("scope") ?? "").replace(/\/\.default$/, "");
    if (!isRegistered(audience)) return unknownResource(audience);
    return {
      status: 200,
      body: JSON.stringify({ access_token: await tokenFor(audience), token_type: "Bearer", expires_in: 3599 }),
    };
  });
  return {
    variables: {
      // Its pod is Kubernetes as well; whoever wants to be Azure says so.
      KUBERNETES_SERVICE_HOST: "10.96.0.1",
      HF_OIDC_PROVIDER: "azure",
      AZURE_CLIENT_ID: client,
      AZURE_TENANT_ID: tenant,
      AZURE_AUTHORITY_HOST: `${origin}/`,
      AZURE_FEDERATED_TOKEN_FILE: `${job.directory}/${FEDERATED_FILE}`,
    },
    files: job.scenario === "no-id-token" ? {} : { [FEDERATED_FILE]: assertion },
  };
}

function judgeAssertion(
  { method, url }: JobRequest,
  form: URLSearchParams,
  expected: { readonly tenant: string; readonly client: string; readonly assertion: string },
): JobAnswer | undefined {
  if (method !== "POST" || url.pathname !== `/${expected.tenant}/oauth2/v2.0/token`)
    return failure(404, "invalid_request", "AADSTS900144: no such endpoint.");
  const fits =
    form.get("grant_type") === "client_credentials" &&
    form.get("client_id") === expected.client &&
    form.get("client_assertion_type") === "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" &&
    form.get("client_assertion") === expected.assertion;
  return fits
    ? undefined
    : failure(401, "invalid_client", "AADSTS700213: No matching federated identity record found.");
}

/** Entra signs for what is registered with it: an application id URI, or a client id. */
function isRegistered(resource: string): boolean {
  return /^api:\/\/./.test(resource) || new RegExp(`^${GUID}$`).test(resource);
}

function unknownResource(resource: string): JobAnswer {
  return failure(
    400,
    "invalid_resource",
    `AADSTS500011: The resource principal named ${resource} was not found in the tenant.`,
  );
}

function failure(status: number, error: string, error_description: string): JobAnswer {
  return { status, body: JSON.stringify({ error, error_description }) };
}
