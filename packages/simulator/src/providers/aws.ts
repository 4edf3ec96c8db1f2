import { randomBytes } from "node:crypto";
import { hasSignatureV4 } from "../aws/signature-v4.ts";
import { chosenText, textClaim } from "../claim/apply-overrides.ts";
import type { ClaimSet } from "../claim/claim-value.ts";
import type {
  ClaimsRequest,
  JobAnswer,
  JobDescription,
  JobSurroundings,
  JobTokens,
  SimulatedProvider,
} from "./simulated-provider.ts";

const NEST = "https://sts.amazonaws.com/";
const POINTER = "/https:~1~1sts.amazonaws.com~1";
const REGION = "us-east-1";

/** AWS: a function with a role asks STS, in a signed request, for a token about itself. */
export const aws: SimulatedProvider = {
  keysPath: "/.well-known/jwks.json",
  discovery: {
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES384", "RS256"],
  },
  algorithm: "ES384",
  lifetime: { notBefore: 0, expires: 300 },
  leavesOut: ["nbf"],
  defaultAudience: () => "https://service.example",
  claims: awsClaims,
  surroundings: awsSurroundings,
};

function awsClaims({ overrides, scenario }: ClaimsRequest): ClaimSet {
  const chosen = (name: string, otherwise: string): string => chosenText(overrides, name) ?? otherwise;
  const account = chosen(`${POINTER}/aws_account`, "123456789012");
  const role = chosen(
    "sub",
    `arn:aws:iam::${account}:role/${scenario === "fork-pull-request" ? "Mallory" : "Publisher"}`,
  );
  return {
    sub: role,
    [NEST]: {
      aws_account: account,
      source_region: REGION,
      org_id: "o-abc1234567",
      ou_path: ["o-abc1234567/r-ab12/ou-ab12-11111111/"],
      principal_id: role,
      principal_tags: { team: "ml" },
      lambda_source_function_arn: `arn:aws:lambda:${REGION}:${account}:function:publisher`,
    },
  };
}

async function awsSurroundings(job: JobDescription, tokens: JobTokens): Promise<JobSurroundings> {
  const credentials = {
    accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString("base64"),
    sessionToken: randomBytes(90).toString("base64"),
  };
  const origin = await tokens.serve(async (request): Promise<JobAnswer> => {
    const form = new URLSearchParams(request.body);
    const asJson = (request.headers.accept ?? "").includes("application/json");
    if (!hasSignatureV4(request, credentials, { region: REGION, service: "sts" }))
      return failure(asJson, 403, "SignatureDoesNotMatch");
    if (form.get("Action") !== "GetWebIdentityToken" || form.get("Version") !== "2011-06-15")
      return failure(asJson, 400, "InvalidAction");
    // As in an account that has not enabled it.
    if (job.scenario === "no-id-token") return failure(asJson, 400, "OutboundWebIdentityFederationDisabled");
    const audience = form.get("Audience.member.1") ?? "";
    const algorithm = form.get("SigningAlgorithm");
    if (audience === "" || (algorithm !== "ES384" && algorithm !== "RS256"))
      return failure(asJson, 400, "ValidationError");
    return granted(asJson, await tokens.issue([audience]));
  });
  return {
    variables: {
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      AWS_LAMBDA_FUNCTION_NAME: "publisher",
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      AWS_ENDPOINT_URL_STS: origin,
      AWS_ACCOUNT_ID: textClaim(job.claims, "sub")?.split(":")[4] ?? "",
    },
    files: {},
  };
}

function granted(asJson: boolean, token: string): JobAnswer {
  if (asJson) {
    const result = { WebIdentityToken: token, Expiration: 0 };
    return {
      status: 200,
      body: JSON.stringify({ GetWebIdentityTokenResponse: { GetWebIdentityTokenResult: result } }),
    };
  }
  return {
    status: 200,
    headers: { "content-type": "text/xml" },
    body: `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult><WebIdentityToken>${token}</WebIdentityToken></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>`,
  };
}

function failure(asJson: boolean, status: number, code: string): JobAnswer {
  if (asJson) return { status, body: JSON.stringify({ Error: { Code: code, Type: "Sender" } }) };
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code></Error></ErrorResponse>`;
  return { status, headers: { "content-type": "text/xml" }, body };
}
