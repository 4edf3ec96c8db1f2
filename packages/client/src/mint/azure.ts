import type { Environment } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import { parseObject } from "../http/json-object.ts";
import { type Answer, sendRequest } from "../http/send-request.ts";
import { readServerWords } from "../http/server-words.ts";
import { maskSecret } from "../masking/github-mask.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import { askNearby, isNearby } from "./ask-nearby.ts";
import { readTokenFileAt } from "./projected-token.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

const IMDS = "http://169.254.169.254/metadata/identity/oauth2/token";
const AUTHORITY = "https://login.microsoftonline.com/";
const SILENT =
  "Assign a managed identity to the machine or app; elsewhere unset HF_OIDC_PROVIDER and the variables of Azure.";

/** A workload identity (AKS) where its file is named, else the managed identity of an app, else that of a virtual machine. */
export const azure: ProviderMinter = {
  id: "azure",
  title: "Azure",
  detects: (environment) => Boolean(environment.AZURE_FEDERATED_TOKEN_FILE) || Boolean(environment.IDENTITY_ENDPOINT),
  source: (environment, audience) => {
    const { AZURE_FEDERATED_TOKEN_FILE: file, IDENTITY_ENDPOINT: endpoint, AZURE_CLIENT_ID: client } = environment;
    return {
      identity: `azure ${file} ${endpoint} ${client} ${audience}`,
      renewable: true,
      obtain: async (runtime, limits) => {
        const token = accessTokenIn(
          file ? await federate(file, audience, runtime, limits) : await ask(audience, runtime, limits),
          audience,
        );
        maskSecret(token, runtime);
        return token;
      },
    };
  },
};

/** The managed identity of an app (App Service, Functions, Container Apps) or of a virtual machine. */
function ask(audience: string, runtime: Runtime, limits: CallLimits): Promise<Answer> {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header, AZURE_CLIENT_ID: client } = runtime.environment;
  const url = new URL(endpoint ? nearbyEndpoint(endpoint) : IMDS);
  url.searchParams.set("api-version", endpoint ? "2019-08-01" : "2018-02-01");
  url.searchParams.set("resource", audience);
  // Needed where several identities are assigned.
  if (client) url.searchParams.set("client_id", client.trim());
  if (endpoint && !header)
    throw new OidcError(
      "mint_variable_missing",
      "IDENTITY_ENDPOINT is set and IDENTITY_HEADER is not. Azure sets both; do not set them yourself.",
    );
  return askNearby(
    {
      method: "GET",
      url: url.href,
      headers: {
        accept: "application/json",
        ...(endpoint ? { "x-identity-header": header ?? "" } : { metadata: "true" }),
      },
      name: "The request for a token of the Azure managed identity",
      whenSilent: SILENT,
    },
    runtime,
    limits,
  );
}

function nearbyEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && isNearby(url.hostname)) return url.href;
  throw new OidcError(
    "invalid_option",
    "IDENTITY_ENDPOINT is not on this machine or link, so its secret header is not sent there. Do not set it yourself.",
  );
}

/** Trades the pod's own token for one of Entra (RFC 7523 §2.2), as the workload identity of AKS does. */
async function federate(file: string, audience: string, runtime: Runtime, limits: CallLimits): Promise<Answer> {
  const { AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant } = runtime.environment;
  if (!client || !tenant || !/^[A-Za-z0-9.-]+$/.test(tenant))
    throw new OidcError(
      "mint_variable_missing",
      'AZURE_FEDERATED_TOKEN_FILE is set, but AZURE_CLIENT_ID or AZURE_TENANT_ID is not. Label the pod `azure.workload.identity/use: "true"` and annotate its service account with the client id.',
    );
  const assertion = await readTokenFileAt(file, "AZURE_FEDERATED_TOKEN_FILE", runtime);
  if (assertion === undefined)
    throw new OidcError(
      "mint_variable_missing",
      `There is no token in ${file}. Check the pod's label \`azure.workload.identity/use\`.`,
    );
  return sendRequest(
    {
      method: "POST",
      url: new URL(`${tenant}/oauth2/v2.0/token`, authority(runtime.environment)).href,
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: client.trim(),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: assertion,
        scope: `${audience}/.default`,
      }).toString(),
      retryStatuses: new Set([429, 500, 502, 503, 504]),
      retryWithoutAnswer: true,
      name: "The request for an Entra token",
    },
    runtime,
    limits,
  );
}

/** The pod's token goes there, so it is `https`, or this very machine in a test. */
function authority(environment: Environment): URL {
  const text = environment.AZURE_AUTHORITY_HOST?.trim() || AUTHORITY;
  const url = URL.canParse(text) ? new URL(text.endsWith("/") ? text : `${text}/`) : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isNearby(url.hostname))) return url;
  throw new OidcError("invalid_option", `AZURE_AUTHORITY_HOST must be an https URL such as ${AUTHORITY}`);
}

function accessTokenIn(answer: Answer, audience: string): string {
  const words = readServerWords(answer.status, answer.headers, answer.body);
  if (answer.status !== 200) {
    const said = words.errorDescription === undefined ? "" : `: ${words.errorDescription}`;
    throw new OidcError(
      "mint_failed",
      `Azure issued no token for ${audience} (status ${answer.status})${said}. The audience must be an app registration of your tenant: put its id (api://…) into HF_OIDC_AUDIENCE and into the publisher.`,
      words,
    );
  }
  const value = parseObject(answer.body)?.access_token;
  const token = typeof value === "string" ? cleanToken(value) : undefined;
  if (token === undefined || readUnverifiedClaims(token) === undefined)
    throw new OidcError(
      "mint_failed",
      `Azure answered without a token that can be read. Use the id of your own app registration as HF_OIDC_AUDIENCE, not ${audience}.`,
      {
        status: answer.status,
        requestId: words.requestId,
      },
    );
  return token;
}
