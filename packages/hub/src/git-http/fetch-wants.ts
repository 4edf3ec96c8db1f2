import { Readable } from "node:stream";
import { HubError } from "@postern/core/error/hub-error";
import { type ObjectId, parseObjectId } from "../git/object-id.ts";
import { PktReader } from "./pkt-line.ts";

/** The objects that a request of protocol v2 asks for by id. @throws {HubError} 400 for what is no request. */
export async function fetchWants(request: Buffer): Promise<ReadonlySet<ObjectId>> {
  const reader = new PktReader(Readable.from([request]));
  const wants = new Set<ObjectId>();
  for (let pkt = await reader.next(); pkt !== undefined; pkt = await reader.next()) {
    if (pkt.kind !== "line") continue;
    // As git reads it: any case, and whatever follows is left alone.
    const hex = /^want ([0-9a-fA-F]{40})/.exec(pkt.content.toString("latin1", 0, 64))?.[1];
    const oid = parseObjectId(hex?.toLowerCase() ?? "");
    if (oid !== undefined) wants.add(oid);
    else if (pkt.content.toString("latin1", 0, 5) === "want ") {
      throw new HubError(400, "BadRequest", "This fetch asks for something that is no object id.");
    }
  }
  return wants;
}
