import type { Environment } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";
import { cleanLine } from "../http/server-words.ts";
import { maskSecret } from "../masking/github-mask.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { readTokenFileAt } from "./projected-token.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

/** Where a pod that follows our manifest has its token. */
const DEFAULT_PATH = "/var/run/secrets/postern/token";

/**
 * Reads the pod's projected service account token.
 *
 * Never the one that every pod has: that is for the cluster's API server, and whoever gets it can act in the cluster.
 */
export const kubernetes: ProviderMinter = {
  id: "kubernetes",
  title: "Kubernetes",
  detects: (environment) => pathIn(environment) !== undefined || Boolean(environment.KUBERNETES_SERVICE_HOST),
  source: (environment, audience) => {
    const path = pathIn(environment) ?? DEFAULT_PATH;
    return {
      identity: `kubernetes ${path} ${audience}`,
      // The kubelet writes a new token into the file when four fifths of the old one's life are over.
      renewable: true,
      obtain: async (runtime) => fittingToken(path, audience, runtime),
    };
  },
};

function pathIn(environment: Environment): string | undefined {
  return environment.HF_OIDC_ID_TOKEN_FILE?.trim() || undefined;
}

async function fittingToken(path: string, audience: string, runtime: Runtime): Promise<string> {
  const token = await readTokenFileAt(path, "HF_OIDC_ID_TOKEN_FILE", runtime);
  if (token === undefined)
    throw new OidcError(
      "mint_variable_missing",
      `This pod has no token for ${audience} in ${path}. ${advice(audience)}`,
    );
  const claims = readUnverifiedClaims(token);
  if (claims === undefined)
    throw new OidcError("mint_failed", `The file ${path} holds no id token. ${advice(audience)}`);
  if (claims.audiences.length !== 1 || claims.audiences[0] !== audience) {
    const found = cleanLine(claims.audiences.join(", ")) ?? "nobody";
    throw new OidcError(
      "mint_variable_missing",
      `The token in ${path} is for ${found}, not for ${audience}, and is not sent. ${advice(audience)}`,
    );
  }
  maskSecret(token, runtime);
  return token;
}

function advice(audience: string): string {
  const manifest = [
    "      volumes:",
    "        - name: postern",
    "          projected:",
    "            sources:",
    "              - serviceAccountToken:",
    `                  audience: ${audience}`,
    "                  expirationSeconds: 3600",
    "                  path: token",
    "      containers:",
    "        - volumeMounts:",
    `            - { name: postern, mountPath: ${DEFAULT_PATH.replace(/\/token$/, "")}, readOnly: true }`,
  ];
  return `Mount one in the pod's manifest, or name its file in HF_OIDC_ID_TOKEN_FILE; for another identity of the pod set HF_OIDC_PROVIDER (aws, azure, gcp):\n\n${manifest.join("\n")}\n`;
}
