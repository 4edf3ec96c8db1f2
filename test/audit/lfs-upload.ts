import { createHash } from "node:crypto";
import type { Answer, RunningHub } from "../harness/running-hub.ts";

/** Where the bytes of an object go: the answer of an LFS batch. */
export interface UploadAction {
  readonly href: string;
  /** Of an upload in parts: `chunk_size`, and the URL of each part by its number. */
  readonly header?: Readonly<Record<string, string>>;
}

export interface AnnouncedObject {
  readonly oid: string;
  readonly size: number;
}

/** How a client would announce these bytes. */
export function announced(content: Uint8Array): AnnouncedObject {
  return { oid: createHash("sha256").update(content).digest("hex"), size: content.length };
}

/** Announces an upload to a model repo; the answer's first object has `actions` as long as the repo does not hold it. */
export function uploadBatch(
  hub: RunningHub,
  repo: string,
  object: AnnouncedObject,
  transfers: readonly string[],
): Promise<Answer> {
  return hub.call("POST", `/${repo}.git/info/lfs/objects/batch`, {
    token: hub.adminToken,
    headers: { "content-type": "application/vnd.git-lfs+json" },
    body: { operation: "upload", transfers, hash_algo: "sha256", objects: [object] },
  });
}

export async function uploadAction(
  hub: RunningHub,
  repo: string,
  object: AnnouncedObject,
  transfers: readonly string[],
): Promise<UploadAction> {
  return (await uploadBatch(hub, repo, object, transfers)).json.objects[0].actions.upload;
}

/** Sends bytes to a signed URL, which needs no login. */
export async function sendBytes(
  method: string,
  url: string,
  body: Uint8Array<ArrayBuffer> | string,
  contentType = "application/octet-stream",
): Promise<Answer> {
  const response = await fetch(url, { method, body, headers: { "content-type": contentType } });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text.startsWith("{") ? JSON.parse(text) : undefined,
  };
}
