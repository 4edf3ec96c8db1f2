import { loadPeer } from "./load-peer.ts";

/** `@postern/server`, when it is installed. @param purpose - Begins the sentence of the error. */
export function loadServer(purpose: string): Promise<typeof import("@postern/server")> {
  return loadPeer("@postern/server", purpose, () => import("@postern/server"));
}
