import { createReadStream, createWriteStream } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { pipeline } from "node:stream/promises";

const CHUNK = 1024 * 1024;

interface BatchAnswer {
  readonly objects: readonly {
    readonly actions?: {
      readonly upload: { readonly href: string; readonly header?: Readonly<Record<string, string>> };
    };
  }[];
}

/** A client that does as little as it can: it streams with `node:http` and sends the parts of an upload one after the other. */
export class TransferClient {
  readonly #url: string;
  readonly #token: string;
  readonly #repo: string;

  constructor(url: string, token: string, repo: string) {
    this.#url = url;
    this.#token = token;
    this.#repo = repo;
  }

  async createRepo(): Promise<void> {
    const [organization, name] = this.#repo.split("/");
    await this.#post("/api/repos/create", "application/json", JSON.stringify({ organization, name, type: "model" }));
  }

  /** Hub wire §7.2 and §7.3: batch, then one `PUT`, or one for each part and the completion. */
  async upload(file: string, oid: string, size: number, transfer: "basic" | "multipart"): Promise<void> {
    const asked = { operation: "upload", transfers: [transfer], hash_algo: "sha256", objects: [{ oid, size }] };
    const batch = `/${this.#repo}.git/info/lfs/objects/batch`;
    const answer: BatchAnswer = JSON.parse(
      await this.#post(batch, "application/vnd.git-lfs+json", JSON.stringify(asked)),
    );
    const action = answer.objects[0]?.actions?.upload;
    if (action === undefined) throw new Error("the object is stored already: nothing to measure");
    if (transfer === "basic") {
      await put(action.href, file, 0, size);
      return;
    }
    const { chunk_size: chunkSize = "", ...parts } = action.header ?? {};
    const sent: { partNumber: number; etag: string }[] = [];
    for (const [number, href] of Object.entries(parts).sort(([a], [b]) => Number(a) - Number(b))) {
      const start = (Number(number) - 1) * Number(chunkSize);
      const { headers } = await put(href, file, start, Math.min(start + Number(chunkSize), size));
      sent.push({ partNumber: Number(number), etag: headers.etag ?? "" });
    }
    const completion = await fetch(action.href, {
      method: "POST",
      headers: { "content-type": "application/vnd.git-lfs+json" },
      body: JSON.stringify({ oid, parts: sent }),
    });
    if (!completion.ok) throw new Error(`completing: ${completion.status} ${await completion.text()}`);
  }

  /** Where one PUT takes the whole object. */
  async basicUrl(oid: string, size: number): Promise<string> {
    const asked = { operation: "upload", transfers: ["basic"], hash_algo: "sha256", objects: [{ oid, size }] };
    const batch = `/${this.#repo}.git/info/lfs/objects/batch`;
    const answer: BatchAnswer = JSON.parse(
      await this.#post(batch, "application/vnd.git-lfs+json", JSON.stringify(asked)),
    );
    const href = answer.objects[0]?.actions?.upload.href;
    if (href === undefined) throw new Error("the object is stored already: nothing to measure");
    return href;
  }

  async commit(path: string, oid: string, size: number): Promise<void> {
    const lines = [
      { key: "header", value: { summary: `Add ${path}` } },
      { key: "lfsFile", value: { path, algo: "sha256", oid, size } },
    ];
    const body = lines.map((line) => JSON.stringify(line)).join("\n");
    await this.#post(`/api/models/${this.#repo}/commit/main`, "application/x-ndjson", body);
  }

  async download(path: string, target: string): Promise<void> {
    const answer = Promise.withResolvers<IncomingMessage>();
    request(`${this.#url}/${this.#repo}/resolve/main/${path}`, answer.resolve).once("error", answer.reject).end();
    const response = await answer.promise;
    if (response.statusCode !== 200) throw new Error(`downloading: ${response.statusCode}`);
    await pipeline(response, createWriteStream(target, { highWaterMark: CHUNK }));
  }

  async #post(where: string, contentType: string, body: string): Promise<string> {
    const response = await fetch(`${this.#url}${where}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": contentType },
      body,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${where}: ${response.status} ${text}`);
    return text;
  }
}

/** Sends the bytes from `start` up to `end`, exclusive. @throws {Error} for an answer that is not 200. */
async function put(href: string, file: string, start: number, end: number): Promise<IncomingMessage> {
  const answer = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(href, { method: "PUT", headers: { "content-length": end - start } }, answer.resolve);
  outgoing.once("error", answer.reject);
  await pipeline(createReadStream(file, { start, end: end - 1, highWaterMark: CHUNK }), outgoing);
  const response = await answer.promise;
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  if (response.statusCode !== 200) throw new Error(`uploading: ${response.statusCode} ${text}`);
  return response;
}
