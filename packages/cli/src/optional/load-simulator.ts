import { loadPeer } from "./load-peer.ts";

/** `@postern/simulator`, when it is installed. */
export function loadSimulator(): Promise<typeof import("@postern/simulator")> {
  return loadPeer("@postern/simulator", "Simulating a CI job", () => import("@postern/simulator"));
}
