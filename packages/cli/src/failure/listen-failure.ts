import { CliError } from "./cli-error.ts";

/** Why a port could not be had, in a sentence; any other error comes back as it is. */
export function describeListenFailure(error: unknown, port: number | undefined): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const which = port === undefined || port === 0 ? "The port" : `Port ${port}`;
  switch (error.code) {
    case "EADDRINUSE":
      return new CliError(`${which} is in use already.`, { next: "Choose another one with --port.", cause: error });
    case "EACCES":
      return new CliError(`${which} may not be used.`, { next: "Choose one above 1023 with --port.", cause: error });
    case "EADDRNOTAVAIL":
      return new CliError("This machine does not have that address.", { next: "Check --host.", cause: error });
    default:
      return error;
  }
}
