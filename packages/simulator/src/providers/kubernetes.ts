import { chosenText } from "../claim/apply-overrides.ts";
import type { ClaimSet } from "../claim/claim-value.ts";
import { stableUuid } from "../claim/stable-uuid.ts";
import type {
  ClaimsRequest,
  JobDescription,
  JobSurroundings,
  JobTokens,
  SimulatedProvider,
} from "./simulated-provider.ts";

/** Who a pod's own token is for, which everybody has. */
const API_SERVER = "https://kubernetes.default.svc";
const TOKEN_FILE = "run/secrets/postern/token";

/** Kubernetes: a pod finds the token of its service account in a file that its manifest asks for. */
export const kubernetes: SimulatedProvider = {
  keysPath: "/openid/v1/jwks",
  discovery: {
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  },
  lifetime: { notBefore: 0, expires: 3600 },
  listsAudiences: true,
  readyMade: true,
  defaultAudience: () => API_SERVER,
  claims: kubernetesClaims,
  surroundings: kubernetesSurroundings,
};

function kubernetesClaims({ overrides, scenario }: ClaimsRequest): ClaimSet {
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  // A cluster knows no forks; a stranger is a pod of another namespace.
  const namespace = chosen("/kubernetes.io/namespace", scenario === "fork-pull-request" ? "mallory" : "ml");
  const account = chosen("/kubernetes.io/serviceaccount/name", "publisher");
  const pod = chosen("/kubernetes.io/pod/name", `${account}-x7x2v`);
  return {
    sub: `system:serviceaccount:${namespace}:${account}`,
    "kubernetes.io": {
      namespace,
      serviceaccount: { name: account, uid: stableUuid("service account", `${namespace}/${account}`) },
      pod: { name: pod, uid: stableUuid("pod", `${namespace}/${pod}`) },
      node: { name: "node-1", uid: stableUuid("node", "node-1") },
    },
  };
}

async function kubernetesSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const variables = {
    KUBERNETES_SERVICE_HOST: "10.96.0.1",
    KUBERNETES_SERVICE_PORT: "443",
    KUBERNETES_SERVICE_PORT_HTTPS: "443",
    KUBERNETES_PORT: "tcp://10.96.0.1:443",
    // A real pod has it at the path that our client looks at by itself; this machine's own folders are not ours to write to.
    HF_OIDC_ID_TOKEN_FILE: `${job.directory}/${TOKEN_FILE}`,
  };
  if (job.scenario === "no-id-token") return { variables, files: {} };
  return {
    variables,
    files: { [TOKEN_FILE]: await tokens.issue(job.audiences.length === 0 ? [API_SERVER] : job.audiences) },
  };
}
