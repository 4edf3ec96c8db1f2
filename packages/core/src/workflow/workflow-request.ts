import type { Publisher } from "../publisher/publisher.ts";

/** What a generated workflow must fit. */
export interface WorkflowRequest {
  readonly publisher: Pick<Publisher, "provider" | "issuer" | "claims" | "audience">;
  /** `HF_OIDC_RESOURCE`: `acme/tiny-model`, `datasets/acme/corpus`. */
  readonly resource: string;
  /** `HF_ENDPOINT`, without a trailing slash; the audience of the id token. */
  readonly endpoint: string;
  /** The folder that the build leaves behind and the publish job uploads. */
  readonly folder: string;
  /** Of the `postern` package, so that a job does not run whatever is newest. */
  readonly version: string;
}

/** A file to put into the source repository, and what its owner still has to do. */
export interface GeneratedWorkflow {
  /** Where it goes; `undefined` when the place is the owner's choice. */
  readonly path: string | undefined;
  readonly text: string;
  /** One sentence each. */
  readonly notes: readonly string[];
}

/** The text of a claim that the publisher pins. */
export function pinned({ publisher }: WorkflowRequest, ...names: readonly string[]): string | undefined {
  const name = names.find((candidate) => Object.hasOwn(publisher.claims, candidate));
  const value = name === undefined ? undefined : publisher.claims[name];
  return value === undefined ? undefined : String(value);
}

/** A YAML scalar; JSON strings are YAML (YAML 1.2 §10.2), and nothing that a claim holds can end one. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** The command that uploads; the resource passed a grammar without spaces and quotes. */
export function uploadCommand({ resource, folder, version }: WorkflowRequest): string {
  return `npx --yes postern@${version} upload ${resource} ${shellWord(folder)} --revoke-on-exit`;
}

/** One word for a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Indents every line that is not empty. */
export function indent(spaces: number, lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === "" ? "" : " ".repeat(spaces) + line));
}
