import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import { type Answer, sendRequest } from "../http/send-request.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import { askNearby, isNearby } from "./ask-nearby.ts";
import { awsValueIn } from "./aws-answer.ts";
import { type InstanceMetadata, openInstanceMetadata } from "./aws-instance-metadata.ts";
import type { AwsCredentials } from "./aws-signer.ts";
import { readTokenFileAt } from "./projected-token.ts";

const CONTAINER_ORIGIN = "http://169.254.170.2";
const SILENT = "Give the task, function or instance a role; elsewhere unset HF_OIDC_PROVIDER and the variables of AWS.";

/** Credentials and where they work. */
export interface AwsIdentity {
  readonly credentials: AwsCredentials;
  /** `undefined` when only the caller's variables can tell. */
  readonly region: string | undefined;
}

/**
 * The workload's own credentials, in the order of AWS's SDKs: variables, a role for a pod's web identity (IRSA), the container's
 * endpoint (ECS, CodeBuild, EKS Pod Identity), the instance. Profiles in files are people's, and are not read.
 *
 * @param stsUrl - Where a web identity is traded for a role.
 * @throws {OidcError} `mint_failed`, `mint_variable_missing`, `invalid_option` and those of a request.
 */
export async function awsIdentity(
  stsUrl: (region: string) => URL,
  runtime: Runtime,
  limits: CallLimits,
): Promise<AwsIdentity> {
  const { environment } = runtime;
  const region = (environment.AWS_REGION || environment.AWS_DEFAULT_REGION)?.trim() || undefined;
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = environment;
  if (id && secret)
    return {
      region,
      credentials: { accessKeyId: id.trim(), secretAccessKey: secret.trim(), sessionToken: cleanToken(session) },
    };
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role } = environment;
  if (file && role)
    return { region, credentials: await assumeRole(file, role, stsUrl(requireRegion(region)), runtime, limits) };
  const container = containerUrl(runtime);
  if (container !== undefined) return { region, credentials: await askContainer(container, runtime, limits) };
  const instance = await openInstanceMetadata(runtime, limits);
  return { region: region ?? (await instance.text("placement/region")), credentials: await ofInstance(instance) };
}

/** STS answers at regional addresses only. @throws {OidcError} `mint_variable_missing`. */
export function requireRegion(region: string | undefined): string {
  if (region !== undefined && /^[a-z0-9-]{3,40}$/.test(region)) return region;
  throw new OidcError(
    "mint_variable_missing",
    "The AWS region is not known. Set AWS_REGION, for example AWS_REGION=us-east-1.",
  );
}

async function assumeRole(
  file: string,
  role: string,
  url: URL,
  runtime: Runtime,
  limits: CallLimits,
): Promise<AwsCredentials> {
  const webIdentity = await readTokenFileAt(file, "AWS_WEB_IDENTITY_TOKEN_FILE", runtime);
  if (webIdentity === undefined)
    throw new OidcError(
      "mint_variable_missing",
      `There is no token in ${file}, which AWS_WEB_IDENTITY_TOKEN_FILE names.`,
    );
  const answer = await sendRequest(
    {
      method: "POST",
      url: url.href,
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: role,
        RoleSessionName: runtime.environment.AWS_ROLE_SESSION_NAME?.trim() || "postern",
        DurationSeconds: "900",
        WebIdentityToken: webIdentity,
      }).toString(),
      retryStatuses: new Set([429, 500, 502, 503, 504]),
      retryWithoutAnswer: true,
      name: "The request for the credentials of an AWS role",
    },
    runtime,
    limits,
  );
  return credentialsIn(answer, "SessionToken");
}

function containerUrl({ environment }: Runtime): URL | undefined {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = environment;
  if (relative) {
    const url = new URL(relative.trim(), CONTAINER_ORIGIN);
    if (url.origin === CONTAINER_ORIGIN) return url;
    throw new OidcError(
      "invalid_option",
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be a path. Do not set it yourself.",
    );
  }
  if (!full) return undefined;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && isNearby(url.hostname)) return url;
  throw new OidcError(
    "invalid_option",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI is not on this machine or link, so its token is not sent there. Do not set it yourself.",
  );
}

async function askContainer(url: URL, runtime: Runtime, limits: CallLimits): Promise<AwsCredentials> {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: given } =
    runtime.environment;
  const bearer = file
    ? await readTokenFileAt(file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", runtime)
    : cleanToken(given);
  const answer = await askNearby(
    {
      method: "GET",
      url: url.href,
      headers: { accept: "application/json", ...(bearer === undefined ? {} : { authorization: bearer }) },
      name: "The request for the container's AWS credentials",
      whenSilent: SILENT,
    },
    runtime,
    limits,
  );
  return credentialsIn(answer, "Token");
}

async function ofInstance(instance: InstanceMetadata): Promise<AwsCredentials> {
  const role = (await instance.text("iam/security-credentials/")).split("\n")[0]?.trim() ?? "";
  const answer = await instance.get(`iam/security-credentials/${encodeURIComponent(role)}`);
  return credentialsIn(answer, "Token");
}

function credentialsIn(answer: Answer, sessionName: string): AwsCredentials {
  const accessKeyId = awsValueIn(answer.body, "AccessKeyId");
  const secretAccessKey = awsValueIn(answer.body, "SecretAccessKey");
  const sessionToken = awsValueIn(answer.body, sessionName);
  if (answer.status === 200 && accessKeyId !== undefined && secretAccessKey !== undefined && sessionToken !== undefined)
    return { accessKeyId, secretAccessKey, sessionToken };
  // Nothing of the answer is shown: it may hold half of a secret.
  throw new OidcError("mint_failed", `AWS gave this workload no credentials (status ${answer.status}). ${SILENT}`, {
    status: answer.status,
  });
}
