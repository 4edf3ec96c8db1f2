import { OidcError } from "../error/oidc-error.ts";
import type { CallLimits } from "../http/call-limits.ts";
import type { Answer } from "../http/send-request.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cleanToken } from "../token/clean-token.ts";
import { askNearby, isNearby } from "./ask-nearby.ts";

const DEFAULT_ENDPOINT = "http://169.254.169.254";
const SILENT =
  "Give the instance a role, and in a container allow two hops to its metadata; elsewhere unset HF_OIDC_PROVIDER and the variables of AWS.";

/** Metadata of an EC2 instance, below `/latest/meta-data/`. */
export interface InstanceMetadata {
  get(path: string): Promise<Answer>;
  /** @throws {OidcError} `mint_failed` unless the answer is 200. */
  text(path: string): Promise<string>;
}

/** Opens a session (IMDSv2); version 1 is not spoken, because a forged request could reach it. @throws {OidcError} */
export async function openInstanceMetadata(runtime: Runtime, limits: CallLimits): Promise<InstanceMetadata> {
  const base = endpointOf(runtime);
  const ask = (method: "GET" | "PUT", path: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
    askNearby(
      {
        method,
        url: `${base}${path}`,
        headers,
        name: "The request to the EC2 instance's metadata",
        whenSilent: SILENT,
      },
      runtime,
      limits,
    );
  const opened = await ask("PUT", "/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": "60" });
  const session = opened.status === 200 ? cleanToken(opened.body) : undefined;
  if (session === undefined) throw refused(opened);
  const get = (path: string): Promise<Answer> =>
    ask("GET", `/latest/meta-data/${path}`, { "x-aws-ec2-metadata-token": session });
  return {
    get,
    text: async (path) => {
      const answer = await get(path);
      if (answer.status !== 200) throw refused(answer);
      return answer.body;
    },
  };
}

function endpointOf({ environment }: Runtime): string {
  const text = environment.AWS_EC2_METADATA_SERVICE_ENDPOINT?.trim() || DEFAULT_ENDPOINT;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" && isNearby(url.hostname)) return url.origin;
  throw new OidcError(
    "invalid_option",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT must be an address of this machine or link.",
  );
}

function refused({ status }: Answer): OidcError {
  return new OidcError("mint_failed", `The EC2 instance's metadata refused (status ${status}). ${SILENT}`, { status });
}
