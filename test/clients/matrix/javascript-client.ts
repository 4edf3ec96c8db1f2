import { randomBytes } from "node:crypto";
import {
  commit,
  createBranch,
  deleteFile,
  deleteRepo,
  downloadFile,
  HubApiError,
  listFiles,
  modelInfo,
  uploadFiles,
  whoAmI,
} from "@huggingface/hub";
import { type Cell, labelOf, OPERATIONS, type Operation, type Outcome } from "./axes.ts";
import { type ClientUnderTest, type Lane, oneByOne } from "./client-under-test.ts";
import { LARGE_FILE, SMALL_FILE } from "./lanes.ts";

const BAD_TOKEN = "Invalid credentials in Authorization header";

type Attempt = (params: {
  readonly hubUrl: string;
  readonly repo: string;
  readonly accessToken?: string;
  /** Differs for each bearer. */
  readonly label: string;
}) => Promise<unknown>;

async function readWhole(params: Parameters<Attempt>[0], path: string, content: Buffer): Promise<void> {
  const file = await downloadFile({ ...params, path });
  const bytes = Buffer.from((await file?.arrayBuffer()) ?? new ArrayBuffer(0));
  if (!bytes.equals(content)) throw new Error(`${path}: other bytes`);
}

const ATTEMPTS: Readonly<Partial<Record<Operation, Attempt>>> = {
  // Its types want a token here; one that nobody has stands for none.
  whoami: ({ hubUrl, accessToken }) => whoAmI({ hubUrl, accessToken: accessToken ?? "hf_" }),
  info: ({ repo, ...params }) => modelInfo({ ...params, name: repo }),
  "list the tree": async (params) => {
    for await (const _entry of listFiles({ ...params, recursive: true }));
  },
  "download a small file": (params) => readWhole(params, SMALL_FILE.path, SMALL_FILE.content),
  "download a large file": (params) => readWhole(params, LARGE_FILE.path, LARGE_FILE.content),
  "upload small and large files": ({ label, ...params }) =>
    uploadFiles({
      ...params,
      files: [
        { path: `${label}.txt`, content: new Blob([label]) },
        { path: `${label}.bin`, content: new Blob([new Uint8Array(randomBytes(5000))]) },
      ],
    }),
  "create a branch": ({ label, ...params }) => createBranch({ ...params, branch: label }),
  "delete a file": ({ label, ...params }) => deleteFile({ ...params, path: `to-delete/${label}` }),
  "open a pull request": ({ label, ...params }) =>
    commit({
      ...params,
      title: "A change",
      isPullRequest: true,
      operations: [{ operation: "addOrUpdate", path: `${label}-pull.txt`, content: new Blob([label]) }],
    }),
  "delete the repo": (params) => deleteRepo(params),
};

async function attempt(lane: Lane, { operation, bearer }: Cell): Promise<Outcome> {
  const call = ATTEMPTS[operation];
  if (call === undefined) throw new Error(`the JavaScript client cannot ${operation}`);
  const token = lane.tokens[bearer];
  try {
    await call({
      hubUrl: lane.hubUrl,
      repo: lane.repo,
      ...(token === undefined ? {} : { accessToken: token }),
      label: labelOf(bearer),
    });
    return { kind: "allowed" };
  } catch (cause) {
    if (cause instanceof HubApiError)
      return { kind: "refused", error: `HubApiError ${cause.statusCode}`, message: cause.message };
    return { kind: "refused", error: "Error", message: String(cause) };
  }
}

export const javascriptClient: ClientUnderTest = {
  name: "@huggingface/hub",
  missing: undefined,
  operations: OPERATIONS.filter((operation) => ATTEMPTS[operation] !== undefined),
  run: (lane, cells) => oneByOne(cells, (cell) => attempt(lane, cell)),
  expects: (operation, { status, words }) => ({
    kind: "refused",
    error: `HubApiError ${status}`,
    // These two always send the header; deleting, with the word "undefined" for a token.
    says: status === 401 && (operation === "delete the repo" || operation === "whoami") ? BAD_TOKEN : words,
  }),
};
