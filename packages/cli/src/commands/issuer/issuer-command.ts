import { Command } from "commander";
import { collect } from "../../argument/collect.ts";
import { PROVIDER_WORDS } from "../../argument/provider-words.ts";
import type { CliContext } from "../../context/cli-context.ts";
import type { NewIssuer } from "./add-issuer.ts";
import type { KeysToConfirm } from "./confirm-keys.ts";
import type { HoldKeysOptions } from "./hold-keys.ts";
import type { NewKeys } from "./replace-keys.ts";

/** `postern issuer add|list|replace-keys|hold-keys|confirm-keys|remove`. */
export function issuerCommand(context: CliContext): Command {
  const group = new Command("issuer")
    .description("Say which OIDC issuers the server believes. For administrators of the server at HF_ENDPOINT.")
    .addHelpText(
      "after",
      "\nExample:\n  $ postern issuer add --provider github --url https://token.actions.githubusercontent.com",
    );
  group
    .command("add")
    .description("Believe an issuer; its keys are fetched at once, so that a wrong URL shows now.")
    .requiredOption("--provider <NAME>", PROVIDER_WORDS)
    .requiredOption("--url <URL>", "exactly what its tokens carry in `iss`")
    .option("--jwks <FILE>", "its public keys, when this server cannot reach it: nothing is fetched then")
    .option("--hold-keys", "keys that it shows later are refused until `postern issuer confirm-keys`")
    .option(
      "--allow-origin <ORIGIN>",
      "one loopback, private or plain-http origin that may be reached; repeatable",
      collect,
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ postern issuer add --provider gitlab --url https://gitlab.corp.example
  $ postern issuer add --provider kubernetes --url https://kubernetes.default.svc --jwks keys.json
  $ postern issuer add --provider github --url http://127.0.0.1:9000/github --allow-origin http://127.0.0.1:9000`,
    )
    .action(async (options: NewIssuer) => {
      const { addIssuer } = await import("./add-issuer.ts");
      await addIssuer(context, options);
    });
  group
    .command("list")
    .description("List the issuers that are believed.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern issuer list")
    .action(async (options: { readonly json?: boolean }) => {
      const { listIssuers } = await import("./list-issuers.ts");
      await listIssuers(context, options.json === true);
    });
  group
    .command("replace-keys")
    .description("Put other keys in the place of an issuer's uploaded ones.")
    .argument("<ID>", "the id or the URL that `postern issuer list` shows")
    .requiredOption("--jwks <FILE>", "its public keys now, old ones included while their tokens live")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern issuer replace-keys https://kubernetes.default.svc --jwks keys.json")
    .action(async (id: string, options: NewKeys) => {
      const { replaceKeys } = await import("./replace-keys.ts");
      await replaceKeys(context, id, options);
    });
  group
    .command("hold-keys")
    .description("Refuse keys that an issuer shows from now on until they are confirmed.")
    .argument("<ID>", "the id or the URL that `postern issuer list` shows")
    .option("--off", "use whatever keys it shows, as before")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern issuer hold-keys https://gitlab.corp.example")
    .action(async (id: string, options: HoldKeysOptions) => {
      const { holdKeys } = await import("./hold-keys.ts");
      await holdKeys(context, id, options);
    });
  group
    .command("confirm-keys")
    .description("Use the keys of an issuer that wait, and print their thumbprints.")
    .argument("<ID>", "the id or the URL that `postern issuer list` shows")
    .option("--key <THUMBPRINT>", "this key only (`issuer list --json` shows them); repeatable", collect)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern issuer confirm-keys https://gitlab.corp.example")
    .action(async (id: string, options: KeysToConfirm) => {
      const { confirmKeys } = await import("./confirm-keys.ts");
      await confirmKeys(context, id, options);
    });
  group
    .command("remove")
    .description("Stop believing an issuer; refused while a publisher names it.")
    .argument("<ID>", "the id or the URL that `postern issuer list` shows")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern issuer remove https://gitlab.corp.example")
    .action(async (id: string, options: { readonly json?: boolean }) => {
      const { removeIssuer } = await import("./remove-issuer.ts");
      await removeIssuer(context, id, options.json === true);
    });
  return group;
}
