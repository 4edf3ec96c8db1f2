import { createHash } from "node:crypto";
import type { LfsOid } from "../lfs/lfs-oid.ts";
import type { LfsStore } from "../lfs/lfs-store.ts";
import { type Finding, finding } from "./finding.ts";

/** Reads every object and compares its SHA-256 with its name. */
export async function checkDigests(
  store: Pick<LfsStore, "open">,
  objects: ReadonlyMap<LfsOid, number>,
  onProgress: (done: number, total: number) => void,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  let done = 0;
  for (const oid of objects.keys()) {
    onProgress(done++, objects.size);
    const object = await store.open(oid);
    // Put aside meanwhile.
    if (object === undefined) continue;
    const hash = createHash("sha256");
    if (object.size === 0) await object.close();
    else for await (const chunk of object.stream(0, object.size - 1)) hash.update(chunk);
    if (hash.digest("hex") !== oid) findings.push(finding("object-digest", `object ${oid}`));
  }
  return findings;
}
