import { type Client, clientWith } from "../client/client.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { nodeRuntime } from "./node-runtime.ts";

/** A client with its own cache in Node's surroundings, some of which may be replaced: another environment, a proxying `fetch`. */
export function createClient(surroundings: Partial<Runtime> = {}): Client {
  return clientWith({ ...nodeRuntime, ...surroundings });
}
