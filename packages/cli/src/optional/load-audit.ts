import { loadPeer } from "./load-peer.ts";

/** The part of `@postern/server` that reads audit logs, when it is installed: a fraction of the whole. @param purpose - Begins the sentence of the error. */
export function loadAudit(purpose: string): Promise<typeof import("@postern/server/audit")> {
  return loadPeer("@postern/server", purpose, () => import("@postern/server/audit"));
}
