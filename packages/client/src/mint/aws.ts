import type { Environment } from "../environment/environment.ts";
import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import { type Answer, sendRequest } from "../http/send-request.ts";
import { cleanLine, readServerWords } from "../http/server-words.ts";
import { maskSecret } from "../masking/github-mask.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import { isNearby } from "./ask-nearby.ts";
import { awsValueIn } from "./aws-answer.ts";
import { awsIdentity, requireRegion } from "./aws-credentials.ts";
import type { ProviderMinter } from "./provider-minter.ts";
import { readUnverifiedClaims } from "./unverified-claims.ts";

/** Lambda, ECS, CodeBuild, EKS say so; a plain instance does not, and is named by `HF_OIDC_PROVIDER=aws`. */
const SIGNS = [
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "CODEBUILD_BUILD_ID",
] as const;

/** Asks STS for a token about the workload's own role (`GetWebIdentityToken`). */
export const aws: ProviderMinter = {
  id: "aws",
  title: "AWS",
  detects: (environment) => SIGNS.some((name) => Boolean(environment[name])),
  source: (environment, audience) => ({
    identity: `aws ${[...SIGNS, "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN"].map((name) => environment[name]).join(" ")} ${audience}`,
    renewable: true,
    obtain: (runtime, limits) => mint(audience, runtime, limits),
  }),
};

async function mint(audience: string, runtime: Runtime, limits: CallLimits): Promise<string> {
  const signer = await runtime.loadAwsSigner();
  if (signer === undefined)
    throw new OidcError(
      "signer_missing",
      "A login on AWS needs a package that signs requests to AWS, which is not installed: run `npm install @smithy/signature-v4@5` beside it, or with npx add `-p @smithy/signature-v4@5`.",
    );
  const identity = await awsIdentity((region) => stsUrl(region, runtime.environment), runtime, limits);
  const region = requireRegion(identity.region);
  const url = stsUrl(region, runtime.environment);
  const body = new URLSearchParams({
    Action: "GetWebIdentityToken",
    Version: "2011-06-15",
    "Audience.member.1": audience,
    SigningAlgorithm: "ES384",
    DurationSeconds: "300",
  }).toString();
  const headers = await signer.sign({ url, body, service: "sts", region }, identity.credentials, runtime.now());
  const answer = await sendRequest(
    {
      method: "POST",
      url: url.href,
      headers,
      body,
      retryStatuses: new Set([429, 500, 502, 503, 504]),
      retryWithoutAnswer: true,
      name: "The request for an AWS web identity token",
    },
    runtime,
    limits,
  );
  const token = tokenIn(answer, audience);
  maskSecret(token, runtime);
  return token;
}

/** Regional, as AWS's SDKs have it: the global address does not know this call. */
function stsUrl(region: string, environment: Environment): URL {
  const given = (environment.AWS_ENDPOINT_URL_STS || environment.AWS_ENDPOINT_URL)?.trim() || undefined;
  if (given === undefined)
    return new URL(`https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`);
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isNearby(url.hostname))) return url;
  throw new OidcError("invalid_option", "AWS_ENDPOINT_URL_STS must be an https URL, or one of this machine.");
}

function tokenIn(answer: Answer, audience: string): string {
  if (answer.status !== 200) {
    const words = readServerWords(answer.status, answer.headers, answer.body);
    const said = cleanLine(awsValueIn(answer.body, "Code")) ?? words.errorDescription;
    throw new OidcError(
      "mint_failed",
      `AWS issued no web identity token (status ${answer.status}${said === undefined ? "" : `, ${said}`}). Allow the role sts:GetWebIdentityToken, and let an administrator of the account enable outbound web identity federation.`,
      words,
    );
  }
  const token = cleanToken(awsValueIn(answer.body, "WebIdentityToken"));
  if (token === undefined || readUnverifiedClaims(token)?.audiences.includes(audience) !== true)
    throw new OidcError("mint_failed", "AWS answered without a web identity token for the audience. Try again.", {
      status: answer.status,
    });
  return token;
}
