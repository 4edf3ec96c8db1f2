import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";

/** Variables of the step, as the runner sets them. */
export type StepEnvironment = Readonly<Record<string, string | undefined>>;

/** An input of `action.yml`: the runner upper-cases its name and keeps hyphens. */
export function inputOf(name: string, environment: StepEnvironment): string {
  return (environment[`INPUT_${name.toUpperCase()}`] ?? "").trim();
}

/** @throws {Error} when the value is neither true nor false, because a typing error must not leave a token alive. */
export function flagOf(name: string, environment: StepEnvironment): boolean {
  const text = inputOf(name, environment).toLowerCase();
  if (text === "true" || text === "false") return text === "true";
  throw new Error(`The input ${name} must be true or false.`);
}

/** Appends `name=value` to one of the runner's files; does nothing where the runner named none. */
export function writeRunnerFile(
  file: "GITHUB_OUTPUT" | "GITHUB_ENV" | "GITHUB_STATE",
  name: string,
  value: string,
  environment: StepEnvironment,
): void {
  const path = environment[file];
  if (path === undefined || path === "") return;
  // A delimiter that nobody can guess: a value with a line of its own must not become a second variable.
  const delimiter = `end-${randomUUID()}`;
  appendFileSync(path, `${name}<<${delimiter}\n${value}\n${delimiter}\n`);
}

/** A line that the runner shows as an annotation. */
export function annotation(kind: "error" | "warning", message: string): string {
  return `::${kind}::${message.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}\n`;
}
