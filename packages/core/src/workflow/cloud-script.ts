import { type GeneratedWorkflow, shellWord, uploadCommand, type WorkflowRequest } from "./workflow-request.ts";

const NOTES = {
  gcp: "Run it as the service account whose numeric id the publisher pins (sub); nothing else is needed.",
  aws: "Run it in the role that the publisher names, which needs the permission sts:GetWebIdentityToken and outbound identity federation switched on in the account.",
  azure:
    "Run it with the managed identity that the publisher pins, for the app registration that HF_OIDC_AUDIENCE names (the publisher's audience).",
} as const;

/** For clouds: there is no workflow file, only the environment and the command. */
export function cloudScript(request: WorkflowRequest, provider: keyof typeof NOTES): GeneratedWorkflow {
  const lines = [
    "#!/bin/sh",
    "set -eu",
    `export HF_OIDC_PROVIDER=${provider}`,
    `export HF_ENDPOINT=${shellWord(request.endpoint)}`,
    `export HF_OIDC_RESOURCE=${shellWord(request.resource)}`,
    ...(provider === "azure"
      ? [`export HF_OIDC_AUDIENCE=${shellWord(request.publisher.audience ?? "api://APP_ID")}`]
      : []),
    provider === "aws" ? withSigner(uploadCommand(request), request) : uploadCommand(request),
  ];
  return { path: undefined, text: `${lines.join("\n")}\n`, notes: [NOTES[provider]] };
}

/** The client signs requests to AWS with a package of its own choosing only where somebody installs it. */
function withSigner(command: string, { version }: WorkflowRequest): string {
  return command.replace(
    `npx --yes postern@${version}`,
    `npx --yes -p postern@${version} -p @smithy/signature-v4@5 postern`,
  );
}
