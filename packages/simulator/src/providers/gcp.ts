import { chosenText } from "../claim/apply-overrides.ts";
import type { ClaimSet } from "../claim/claim-value.ts";
import { stableId } from "../claim/stable-id.ts";
import type {
  ClaimsRequest,
  JobAnswer,
  JobDescription,
  JobSurroundings,
  JobTokens,
  SimulatedProvider,
} from "./simulated-provider.ts";

const GOOGLE = { "metadata-flavor": "Google", "content-type": "text/html" };
const IDENTITY = /^\/computeMetadata\/v1\/instance\/service-accounts\/(?:default|[^/]+@[^/]+)\/identity$/;

/** Google Cloud: a workload asks its metadata server, which may give the same token twice; this one always does. */
export const gcp: SimulatedProvider = {
  keysPath: "/oauth2/v3/certs",
  discovery: {
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email", "profile"],
  },
  lifetime: { notBefore: 0, expires: 3600 },
  leavesOut: ["jti", "nbf"],
  defaultAudience: () => "https://service.example",
  claims: gcpClaims,
  surroundings: gcpSurroundings,
};

function gcpClaims({ overrides, scenario }: ClaimsRequest): ClaimSet {
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  const project = chosen(
    "/google/compute_engine/project_id",
    scenario === "fork-pull-request" ? "mallory-proj" : "acme-proj",
  );
  const email = chosen("email", `publisher@${project}.iam.gserviceaccount.com`);
  const id = chosen("sub", `1${stableId("google account", email)}0${stableId("google account more", email)}0`);
  const instance = chosen("/google/compute_engine/instance_name", "vm-1");
  return {
    azp: id,
    email,
    email_verified: true,
    google: {
      compute_engine: {
        project_id: project,
        project_number: Number(stableId("google project", project)),
        zone: "us-west1-b",
        instance_id: stableId("google instance", `${project} ${instance}`),
        instance_name: instance,
        instance_creation_timestamp: 1_790_000_000,
      },
    },
    sub: id,
  };
}

async function gcpSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const cached = new Map<string, Promise<string>>();
  const origin = await tokens.serve(async ({ url, headers }): Promise<JobAnswer> => {
    // A web page can make a browser ask, but not with this header.
    if (headers["metadata-flavor"] !== "Google")
      return { status: 403, headers: GOOGLE, body: "Missing Metadata-Flavor:Google header." };
    if (url.pathname === "/") return { status: 200, headers: GOOGLE, body: "computeMetadata/\n" };
    // As on a machine without a service account.
    if (!IDENTITY.test(url.pathname) || job.scenario === "no-id-token")
      return { status: 404, headers: GOOGLE, body: "not found" };
    const audience = url.searchParams.get("audience") ?? "";
    if (audience === "") return { status: 400, headers: GOOGLE, body: "non-empty audience parameter required" };
    const token = cached.get(audience) ?? tokens.issue([audience]);
    cached.set(audience, token);
    return { status: 200, headers: GOOGLE, body: await token };
  });
  return { variables: { GCE_METADATA_HOST: new URL(origin).host }, files: {} };
}
