import { loadPeer } from "./load-peer.ts";

/** The part of `@postern/server` that looks at data folders, when it is installed. @param purpose - Begins the sentence of the error. */
export function loadStorage(purpose: string): Promise<typeof import("@postern/server/storage")> {
  return loadPeer("@postern/server", purpose, () => import("@postern/server/storage"));
}
