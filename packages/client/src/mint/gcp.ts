import type { Environment } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import { readServerWords } from "../http/server-words.ts";
import { maskSecret } from "../masking/github-mask.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import { askNearby, isNearby } from "./ask-nearby.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

const METADATA_HOST = "metadata.google.internal";
const IDENTITY_PATH = "/computeMetadata/v1/instance/service-accounts/default/identity";

/** Cloud Run services, jobs and functions, and App Engine say so; a plain VM does not, and is named by `HF_OIDC_PROVIDER=gcp`. */
const SIGNS = ["GCE_METADATA_HOST", "K_SERVICE", "CLOUD_RUN_JOB", "FUNCTION_TARGET", "GAE_SERVICE"] as const;

/** Asks the metadata server for an identity token of the attached service account. */
export const gcp: ProviderMinter = {
  id: "gcp",
  title: "Google Cloud",
  detects: (environment) => SIGNS.some((name) => Boolean(environment[name])),
  source: (environment, audience) => {
    const host = metadataHost(environment);
    return {
      identity: `gcp ${host} ${audience}`,
      renewable: true,
      obtain: (runtime, limits) => mint(host, audience, runtime, limits),
    };
  },
};

/** As Google's own libraries read it: host and port, without a scheme. */
function metadataHost(environment: Environment): string {
  const host = environment.GCE_METADATA_HOST?.trim() || METADATA_HOST;
  const url = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`) : undefined;
  if (
    url !== undefined &&
    url.host === host.toLowerCase().replace(/:80$/, "") &&
    (isNearby(url.hostname) || url.hostname === METADATA_HOST)
  )
    return host;
  throw new OidcError(
    "invalid_option",
    "GCE_METADATA_HOST must be the host and port of a metadata server on this machine or link, such as 169.254.169.254.",
  );
}

async function mint(host: string, audience: string, runtime: Runtime, limits: CallLimits): Promise<string> {
  const url = new URL(`http://${host}${IDENTITY_PATH}`);
  url.searchParams.set("audience", audience);
  // Adds what is known of the machine: project, zone and instance.
  url.searchParams.set("format", "full");
  const answer = await askNearby(
    {
      method: "GET",
      url: url.href,
      headers: { "metadata-flavor": "Google" },
      name: "The request for a Google Cloud identity token",
      whenSilent:
        "Run it on Google Cloud, with a service account attached; elsewhere unset HF_OIDC_PROVIDER and GCE_METADATA_HOST.",
    },
    runtime,
    limits,
  );
  const words = readServerWords(answer.status, answer.headers, answer.body);
  // A captive portal or a proxy may answer for the metadata server; only the real one says so.
  if (answer.headers.get("metadata-flavor")?.toLowerCase() !== "google")
    throw new OidcError(
      "mint_failed",
      `Whoever answers at ${host} is no Google metadata server. Check GCE_METADATA_HOST and the network.`,
    );
  if (answer.status !== 200)
    throw new OidcError(
      "mint_failed",
      `Google Cloud issued no identity token (status ${answer.status}). Attach a service account to the VM, service or job; default credentials of another kind cannot have one.`,
      words,
    );
  const token = cleanToken(answer.body);
  if (token === undefined || readUnverifiedClaims(token)?.audiences.includes(audience) !== true)
    throw new OidcError(
      "mint_failed",
      "The metadata server answered without an identity token for the audience. Try again.",
    );
  maskSecret(token, runtime);
  return token;
}
