import { usageError } from "../failure/cli-error.ts";

export const DEFAULT_ENDPOINT = "https://huggingface.co";

type Env = Readonly<Record<string, string | undefined>>;

/** `HF_ENDPOINT` without trailing slashes, or huggingface.co (hub-wire §10.1). @throws {CliError} when it is no http(s) URL. */
export function endpointOf(env: Env): string {
  const text = (env.HF_ENDPOINT ?? "").trim().replace(/\/+$/, "");
  if (text === "") return DEFAULT_ENDPOINT;
  if (!URL.canParse(text) || !/^https?:\/\//.test(text)) {
    throw usageError(`HF_ENDPOINT is not a URL: ${text}`, "Set it like this: HF_ENDPOINT=http://127.0.0.1:8080");
  }
  return text;
}

/** The endpoint of a Postern server: never the public Hub by default, which has no management API. */
export function serverEndpointOf(env: Env): string {
  if ((env.HF_ENDPOINT ?? "").trim() === "") {
    throw usageError(
      "HF_ENDPOINT is not set, so there is no server to manage.",
      "Set it to your Postern server: HF_ENDPOINT=http://127.0.0.1:8080",
    );
  }
  return endpointOf(env);
}
