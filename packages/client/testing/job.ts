import { nodeRuntime } from "../src/adapters/node-runtime.ts";
import { type Client, clientWith } from "../src/client/client.ts";
import type { Environment } from "../src/environment/environment.ts";
import type { Runtime } from "../src/runtime/runtime.ts";

/** A client in surroundings of our own: its environment, a clock we move, sleeps that only move the clock, captured diagnostics. */
export class Job {
  readonly diagnostics: string[] = [];
  /** Milliseconds of each pause between attempts. */
  readonly pauses: number[] = [];
  readonly client: Client;
  readonly runtime: Runtime;
  #now = Date.now();

  constructor(environment: Environment, surroundings: Partial<Runtime> = {}) {
    this.runtime = {
      ...nodeRuntime,
      environment,
      now: () => this.#now,
      sleep: async (milliseconds) => {
        this.pauses.push(milliseconds);
        this.#now += milliseconds;
      },
      random: () => 0,
      writeDiagnostic: (line) => this.diagnostics.push(line),
      homeDirectory: () => "/nonexistent/home",
      ...surroundings,
    };
    this.client = clientWith(this.runtime);
  }

  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }
}
