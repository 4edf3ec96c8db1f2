import { createClient } from "@postern/client";
import { annotation } from "./runner.ts";

// The post step: the job's own verdict stands, whatever becomes of the revocation.
const { STATE_token: token = "", STATE_endpoint: endpoint } = process.env;
if (token !== "") {
  try {
    await createClient({ environment: process.env }).revokeToken({ token, endpoint });
    process.stdout.write("The token was revoked.\n");
  } catch (error) {
    process.stdout.write(annotation("warning", error instanceof Error ? error.message : "The token was not revoked."));
  }
}
