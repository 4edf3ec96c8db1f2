import { usageError } from "../failure/cli-error.ts";

/** 0 to 65535; 0 takes a free one. @throws {CliError} exit code 2. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw usageError(`'${text}' is not a port.`, "Use a whole number from 0 to 65535; 0 takes a free one.");
  }
  return port;
}
