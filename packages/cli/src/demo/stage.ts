import type { Simulator } from "@postern/simulator";
import type { CliContext } from "../context/cli-context.ts";
import type { Narrator } from "./narrator.ts";
import type { HubCaller } from "./prepare-hub.ts";

export interface DemoOptions {
  readonly once?: boolean;
  readonly port?: string;
  readonly data?: string;
}

/** Everything that is running during the demo. */
export interface Stage {
  readonly context: CliContext;
  readonly narrator: Narrator;
  readonly url: string;
  readonly dataDir: string;
  /** Removed at the end. */
  readonly folder: string;
  readonly simulator: Simulator;
  readonly admin: HubCaller;
}

export const DEMO_REPO = "acme/tiny-model";

/** The claims of the simulator's ordinary GitHub job: a push to `main` of `acme/train`. */
export const DEMO_CLAIMS = {
  repository: "acme/train",
  repository_id: "456789",
  repository_owner_id: "123456",
  workflow: "publish.yml",
  branch: "main",
} as const;
