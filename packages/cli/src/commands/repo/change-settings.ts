import { pluralOf } from "@postern/core/resource/repo-kind";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { parseRepoArgument } from "../../argument/repo-argument.ts";
import type { CliContext } from "../../context/cli-context.ts";
import { usageError } from "../../failure/cli-error.ts";
import { endpointOf } from "../../session/endpoint.ts";
import { openSession } from "../../session/session.ts";
import { parseOnlyMode, previewOnly, printPreview } from "./trusted-publishing-only.ts";

export interface RepoChoice {
  readonly repoType?: string;
  readonly json?: boolean;
}

export interface SettingsOptions extends RepoChoice {
  readonly private?: boolean;
  readonly public?: boolean;
  readonly gated?: string;
  readonly trustedPublishingOnly?: string;
}

/** `PUT /api/{type}s/{repo}/settings` (hub-wire §4). */
export async function changeSettings(context: CliContext, text: string, options: SettingsOptions): Promise<void> {
  const repo = parseRepoArgument(text, options.repoType);
  if (options.private === true && options.public === true) {
    throw usageError("A repo is either private or public.", "Give one of the two.");
  }
  const visibility = options.private === true ? "private" : options.public === true ? "public" : undefined;
  const gated = options.gated === undefined ? undefined : parseGated(options.gated);
  const only = options.trustedPublishingOnly === undefined ? undefined : parseOnlyMode(options.trustedPublishingOnly);
  if (visibility === undefined && gated === undefined && only === undefined) {
    throw usageError(
      "There is nothing to change.",
      "Give --private, --public, --gated MODE or --trusted-publishing-only MODE.",
    );
  }
  if (only === "preview" && (visibility !== undefined || gated !== undefined)) {
    throw usageError("A preview changes nothing.", "Leave the other settings out.");
  }
  if (only === "preview" || only === "on") {
    const preview = await previewOnly(context, repo);
    if (only === "preview" && options.json === true) context.terminal.json(preview);
    else printPreview(context, repo, preview);
    if (only === "preview") return;
  }
  const body = {
    ...(visibility === undefined ? {} : { visibility }),
    ...(gated === undefined ? {} : { gated }),
    ...(only === undefined ? {} : { trustedPublishingOnly: only === "on" }),
  };
  const session = openSession(context, endpointOf(context.env));
  await session.json(`/api/${pluralOf(repo.kind)}/${repoIdOf(repo)}/settings`, { method: "PUT", body });
  if (options.json === true) {
    context.terminal.json({ id: repoIdOf(repo), type: repo.kind, ...body });
    return;
  }
  const changes = [
    visibility,
    gated === undefined ? undefined : `gated: ${gated}`,
    only === undefined
      ? undefined
      : only === "on"
        ? "open to trusted publishers only"
        : "open to everybody who may write",
  ].filter((text) => text !== undefined);
  context.terminal.out(`${repoIdOf(repo)} is now ${changes.join(", ")}.`);
}

function parseGated(mode: string): "auto" | "manual" | false {
  if (mode === "false") return false;
  if (mode === "auto" || mode === "manual") return mode;
  throw usageError(`'${mode}' is not a way of gating.`, "Use --gated auto, manual or false.");
}
