import path from "node:path";
import { type MeasuredProcess, startMeasured } from "./measured-process.ts";

/** The token of the administrator `acme`, made when the data directory is. */
export const ADMIN_TOKEN: string = `hf_${"Bench1".repeat(6)}`;

/** Our server in a process of its own, on one CPU. */
export interface HubProcess extends MeasuredProcess {
  readonly url: string;
  readonly port: number;
}

/** Serves a data directory with every setting at its default, on a port of 127.0.0.1. */
export async function startHubProcess(dataDir: string, cpu: number): Promise<HubProcess> {
  const server = await startMeasured(
    [
      process.execPath,
      path.join(import.meta.dirname, "../../packages/cli/bin/postern.js"),
      ...["serve", "--json", "--port", "0", "--data", dataDir, "--bootstrap-admin", "acme"],
    ],
    { POSTERN_ADMIN_TOKEN: ADMIN_TOKEN },
    (output) => /"url":"(http:\/\/[^"]+)"/.exec(output)?.[1],
    cpu,
  );
  return { ...server, url: server.ready, port: Number(new URL(server.ready).port) };
}

/** The body of an exchange, as `hf` sends it. */
export function exchangeBody(subjectToken: string, resource: string): string {
  return JSON.stringify({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
    subject_token: subjectToken,
    resource,
  });
}
