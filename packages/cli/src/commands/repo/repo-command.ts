import { Command } from "commander";
import type { CliContext } from "../../context/cli-context.ts";
import type { RepoChoice, SettingsOptions } from "./change-settings.ts";
import type { CreateOptions } from "./create-repo.ts";
import type { DeleteOptions } from "./delete-repo.ts";
import type { RequestAccessOptions } from "./request-access.ts";

const TYPE = ["--repo-type <TYPE>", "model, dataset, space or kernel (default: model)"] as const;

/** `postern repo create|delete|settings|request-access`. */
export function repoCommand(context: CliContext): Command {
  const group = new Command("repo")
    .description("Create, delete and change repos on the hub at HF_ENDPOINT.")
    .addHelpText("after", "\nExample:\n  $ postern repo create acme/tiny-model --private");
  group
    .command("create")
    .description("Create an empty repo.")
    .argument("<REPO>", "NAMESPACE/NAME")
    .option(...TYPE)
    .option("--private", "only members of the namespace may see it")
    .option("--sdk <NAME>", "for spaces: static, docker or gradio")
    .option("--exist-ok", "succeed when it exists already")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern repo create acme/tiny-model --private")
    .action(async (repo: string, options: CreateOptions) => {
      const { createRepo } = await import("./create-repo.ts");
      await createRepo(context, repo, options);
    });
  group
    .command("delete")
    .description("Delete a repo with everything in it.")
    .argument("<REPO>", "NAMESPACE/NAME")
    .option(...TYPE)
    .option("--yes", "do not ask")
    .option("--missing-ok", "succeed when it does not exist")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern repo delete acme/tiny-model --yes")
    .action(async (repo: string, options: DeleteOptions & RepoChoice) => {
      const { deleteRepo } = await import("./delete-repo.ts");
      await deleteRepo(context, repo, options);
    });
  group
    .command("settings")
    .description("Change who may see a repo, and who may read its files.")
    .argument("<REPO>", "NAMESPACE/NAME")
    .option(...TYPE)
    .option("--private", "only members of the namespace may see it")
    .option("--public", "everybody may see it")
    .option("--gated <MODE>", "auto, manual or false: readers ask for access first")
    .option("--trusted-publishing-only <MODE>", "on, off, or preview: what would stop if only publishers wrote")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern repo settings acme/tiny-model --public")
    .action(async (repo: string, options: SettingsOptions) => {
      const { changeSettings } = await import("./change-settings.ts");
      await changeSettings(context, repo, options);
    });
  group
    .command("request-access")
    .description("Ask to read the files of a gated repo. Its authors see your name and mail address.")
    .argument("<REPO>", "NAMESPACE/NAME")
    .option(...TYPE)
    .option("--answer <QUESTION=TEXT...>", "answers to what the authors ask of readers")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ postern repo request-access acme/tiny-model")
    .action(async (repo: string, options: RequestAccessOptions) => {
      const { requestAccess } = await import("./request-access.ts");
      await requestAccess(context, repo, options);
    });
  return group;
}
