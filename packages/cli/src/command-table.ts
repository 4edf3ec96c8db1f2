import type { Command } from "commander";
import type { CliContext } from "./context/cli-context.ts";

/** Builds a command with its options; what it does is loaded when it runs. */
export type CommandFactory = (context: CliContext) => Command;

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandFactory>;
}

/** Every first word of the command line, in the order of `postern --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "demo",
    summary: "Watch a CI job without a secret publish to a hub on this machine",
    load: async () => (await import("./commands/demo/demo-command.ts")).demoCommand,
  },
  {
    name: "serve",
    summary: "Run the hub",
    load: async () => (await import("./commands/serve/serve-command.ts")).serveCommand,
  },
  {
    name: "simulate",
    summary: "Run a command as if inside a CI job, with a local issuer",
    load: async () => (await import("./commands/simulate/simulate-command.ts")).simulateCommand,
  },
  {
    name: "upload",
    summary: "Publish a file or a folder",
    load: async () => (await import("./commands/upload/upload-command.ts")).uploadCommand,
  },
  {
    name: "download",
    summary: "Read a repo, or some files of it",
    load: async () => (await import("./commands/download/download-command.ts")).downloadCommand,
  },
  {
    name: "verify",
    summary: "Check who made a commit, and that files are what was committed",
    load: async () => (await import("./commands/verify/verify-command.ts")).verifyCommand,
  },
  {
    name: "doctor",
    summary: "Inside a CI job: say why the login without a secret fails",
    load: async () => (await import("./commands/doctor/doctor-command.ts")).doctorCommand,
  },
  {
    name: "auth",
    summary: "Show the token in use and whom it stands for",
    load: async () => (await import("./commands/auth/auth-command.ts")).authCommand,
  },
  {
    name: "repo",
    summary: "Create, delete and change repos",
    load: async () => (await import("./commands/repo/repo-command.ts")).repoCommand,
  },
  {
    name: "publisher",
    summary: "Say which CI jobs may publish without a secret",
    load: async () => (await import("./commands/publisher/publisher-command.ts")).publisherCommand,
  },
  {
    name: "issuer",
    summary: "Say which OIDC issuers are believed",
    load: async () => (await import("./commands/issuer/issuer-command.ts")).issuerCommand,
  },
  {
    name: "user",
    summary: "Add, list and lock people",
    load: async () => (await import("./commands/user/user-command.ts")).userCommand,
  },
  {
    name: "org",
    summary: "Add organisations and their members",
    load: async () => (await import("./commands/org/org-command.ts")).orgCommand,
  },
  {
    name: "token",
    summary: "Create, list and revoke personal access tokens",
    load: async () => (await import("./commands/token/token-command.ts")).tokenCommand,
  },
  {
    name: "keys",
    summary: "List and rotate the keys that sign the hub's tokens",
    load: async () => (await import("./commands/keys/keys-command.ts")).keysCommand,
  },
  {
    name: "switch",
    summary: "Stop the exchange, an issuer or all changes at once",
    load: async () => (await import("./commands/switch/switch-command.ts")).switchCommand,
  },
  {
    name: "hub",
    summary: "Check the storage of a server, and collect its garbage",
    load: async () => (await import("./commands/hub/hub-command.ts")).hubCommand,
  },
  {
    name: "audit",
    summary: "Export and verify the record of who did what",
    load: async () => (await import("./commands/audit/audit-command.ts")).auditCommand,
  },
];
