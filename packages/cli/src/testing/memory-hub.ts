import { createHash } from "node:crypto";
import { type ScriptedAnswer, type ScriptedServer, type SeenRequest, startScriptedServer } from "./scripted-server.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

export interface MemoryHub extends AsyncDisposable {
  readonly server: ScriptedServer;
  /** Path → content of `acme/tiny-model` on `main`. */
  readonly files: Map<string, Buffer>;
  /** Paths whose content is served altered, as by a broken disk. */
  readonly corrupt: Set<string>;
  exists: boolean;
  /** How many more times content is cut off in the middle. */
  cuts: number;
}

/** The part of the Hub's wire that an upload and a download use (hub-wire §6, §7); files of 1 kB and more go to LFS. */
export async function startMemoryHub(): Promise<MemoryHub> {
  const objects = new Map<string, Buffer>();
  const files = new Map<string, Buffer>();
  const corrupt = new Set<string>();
  const state = { exists: false, cuts: 0 };
  const server: ScriptedServer = await startScriptedServer((request) => {
    for (const [pattern, handle] of routes) {
      const match = pattern.exec(`${request.method} ${request.url}`);
      if (match !== null) return handle(request, decodeURIComponent(match[1] ?? ""));
    }
    return { status: 404, body: { error: `no such route: ${request.method} ${request.url}` } };
  });
  const lfs = (content: Buffer): boolean => content.length >= 1000;
  const routes: readonly (readonly [RegExp, (request: SeenRequest, path: string) => ScriptedAnswer])[] = [
    [
      /^GET \/api\/models\/acme\/tiny-model$/,
      () =>
        state.exists
          ? { body: { id: "acme/tiny-model" } }
          : { status: 404, headers: { "x-error-code": "RepoNotFound" }, body: { error: "Repository not found" } },
    ],
    [
      /^POST \/api\/repos\/create$/,
      () => {
        state.exists = true;
        return { body: { url: `${server.url}/acme/tiny-model` } };
      },
    ],
    [/^POST \/api\/validate-yaml$/, () => ({ body: { warnings: [{ message: "no licence" }], errors: [] } })],
    [
      /^POST \/api\/models\/acme\/tiny-model\/preupload\/main$/,
      ({ body }) => ({
        body: {
          files: JSON.parse(body.toString()).files.map(({ path, size }: { path: string; size: number }) => ({
            path,
            uploadMode: size >= 1000 ? "lfs" : "regular",
            shouldIgnore: false,
          })),
        },
      }),
    ],
    [
      /^POST \/acme\/tiny-model\.git\/info\/lfs\/objects\/batch$/,
      ({ body }) => ({
        body: {
          transfer: "basic",
          objects: JSON.parse(body.toString()).objects.map(({ oid, size }: { oid: string; size: number }) => ({
            oid,
            size,
            actions: { upload: { href: `${server.url}/lfs/${oid}` } },
          })),
        },
      }),
    ],
    [
      /^PUT \/lfs\/([0-9a-f]{64})$/,
      ({ body }, oid) => {
        objects.set(oid, body);
        return {};
      },
    ],
    [
      /^POST \/api\/models\/acme\/tiny-model\/commit\/main$/,
      ({ body }) => {
        for (const line of body.toString().split("\n")) {
          const { key, value } = JSON.parse(line);
          if (key === "file") files.set(value.path, Buffer.from(value.content, value.encoding ?? "utf8"));
          if (key === "lfsFile") files.set(value.path, objects.get(value.oid) ?? Buffer.alloc(0));
        }
        return { body: { commitOid: COMMIT, commitUrl: `${server.url}/acme/tiny-model/commit/${COMMIT}` } };
      },
    ],
    [/^GET \/api\/models\/acme\/tiny-model\/revision\/main$/, () => ({ body: { sha: COMMIT } })],
    [
      /^GET \/api\/models\/acme\/tiny-model\/tree\//,
      () => ({
        body: [...files].map(([path, content]) => ({
          type: "file",
          path,
          size: content.length,
          oid: digest("sha1", Buffer.concat([Buffer.from(`blob ${content.length}\0`), content])),
          ...(lfs(content) ? { lfs: { oid: digest("sha256", content), size: content.length, pointerSize: 130 } } : {}),
        })),
      }),
    ],
    [
      /^GET \/acme\/tiny-model\/resolve\/[0-9a-f]{40}\/(.*)$/,
      (request, path) => {
        const content = files.get(path);
        if (content === undefined) return { status: 404, headers: { "x-error-code": "EntryNotFound" } };
        const body = corrupt.has(path) ? Buffer.from(content.map((byte) => byte ^ 1)) : content;
        if (request.range === undefined && state.cuts > 0) {
          state.cuts -= 1;
          return { headers: { "content-length": String(content.length) }, body: body.subarray(0, 100), cut: true };
        }
        return { headers: { etag: '"x"', "content-range": `bytes */${content.length}` }, body };
      },
    ],
  ];
  return {
    server,
    files,
    corrupt,
    get exists() {
      return state.exists;
    },
    set exists(value) {
      state.exists = value;
    },
    get cuts() {
      return state.cuts;
    },
    set cuts(value) {
      state.cuts = value;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function digest(algorithm: string, content: Buffer): string {
  return createHash(algorithm).update(content).digest("hex");
}
