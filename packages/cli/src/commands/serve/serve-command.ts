import { Command } from "commander";
import { collect } from "../../argument/collect.ts";
import type { CliContext } from "../../context/cli-context.ts";
import type { ServeOptions } from "./serve.ts";

/** `postern serve`. */
export function serveCommand(context: CliContext): Command {
  return new Command("serve")
    .description("Run the hub: SQLite and files below one folder, nothing else to install.")
    .option("--port <PORT>", "default 8080 (POSTERN_PORT)")
    .option("--host <ADDRESS>", "default 127.0.0.1 (POSTERN_HOST)")
    .option("--data <FOLDER>", "where everything is kept, default ./data (POSTERN_DATA)")
    .option("--config <FILE>", "settings in YAML (POSTERN_CONFIG)")
    .option("--public-url <URL>", "the address that clients use, when a proxy stands in front (POSTERN_PUBLIC_URL)")
    .option("--bootstrap-admin <NAME>", "at the first start: make an administrator and print a token, once")
    .option(
      "--allow-issuer-origin <ORIGIN>",
      "a loopback, private or plain-http origin that issuers may use; repeatable",
      collect,
    )
    .option("--trusted-proxy <ADDRESS>", "a proxy whose X-Forwarded headers are believed; repeatable", collect)
    .option("--allow-insecure-public-bind", "listen on a public address without TLS in front")
    .option(
      "--accept-audit-rollback",
      "serve a database that is older than its audit checkpoints; it is recorded, and a new log begins",
    )
    .option("--json", "print the first start's secrets and the URL as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern serve --bootstrap-admin ada
  $ POSTERN_ADMIN_TOKEN=hf_… postern serve --data /var/lib/postern --bootstrap-admin ada
  $ postern serve --host 0.0.0.0 --trusted-proxy 10.0.0.5 --public-url https://hub.corp.example`,
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import("./serve.ts");
      await serve(context, options);
    });
}
