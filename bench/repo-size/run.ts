import path from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";
import { fillRepo, pathOf, type Shape } from "../harness/filled-repo.ts";
import { ADMIN_TOKEN, startHubProcess } from "../harness/hub-process.ts";
import { describeMachine } from "../harness/machine.ts";
import { median } from "../harness/median.ts";

/**
 * What the size of a repo costs: a commit of one file, and a page of 1,000 entries, beside a small and a large repo.
 *
 *     npm run bench -- repo-size [--rounds 40] [--files 100000]
 *
 * Both repos of a pair are asked in turn, in one run against one server, so that whatever else the machine does hits both. What it does can
 * only add, so the fastest quarter of the rounds (its median) says more about us than all of them; both are printed.
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "40" }, files: { type: "string", default: "100000" } },
});
const [rounds, many] = [Number(values.rounds), Number(values.files)];

interface Pair {
  readonly what: string;
  readonly small: () => Promise<void>;
  readonly large: () => Promise<void>;
  /** The most that large / small may be; `undefined` where git itself forbids a promise. */
  readonly atMost: number | undefined;
}

using folder = temporaryFolder("repo-size");
const hub = await startHubProcess(path.join(folder.path, "data"), 0);
try {
  const repos = [
    { name: "nested-100", shape: "nested", files: 100 },
    { name: "nested-1k", shape: "nested", files: 1000 },
    { name: "nested-many", shape: "nested", files: many },
    { name: "flat-100", shape: "flat", files: 100 },
    { name: "flat-1k", shape: "flat", files: 1000 },
    { name: "flat-many", shape: "flat", files: many },
  ] as const;
  for (const repo of repos) await fillRepo(hub, folder.path, repo);
  const middle = {
    nested: cursorAfter("nested"),
    flat: cursorAfter("flat"),
  };
  const pairs: readonly Pair[] = [
    pair(
      "commit of one file, 100 files to a folder",
      commit("nested-100", "nested"),
      commit("nested-many", "nested"),
      1.5,
    ),
    pair("first page of the tree, recursive", page("nested-1k"), page("nested-many"), 1.3),
    pair("page in the middle, recursive", page("nested-1k"), page("nested-many", middle.nested), 1.3),
    pair(
      "first page of one folder with all files",
      page("flat-1k", "", "/files"),
      page("flat-many", "", "/files"),
      1.3,
    ),
    pair(
      "page in the middle of that folder",
      page("flat-1k", "", "/files"),
      page("flat-many", middle.flat, "/files"),
      1.3,
    ),
    pair("commit into one folder with all files", commit("flat-100", "flat"), commit("flat-many", "flat"), undefined),
  ];
  console.log(`repo-size: ${many} files, ${rounds} rounds; ${describeMachine()}`);
  console.log("milliseconds, fastest quarter                small    large   large / small   promised");
  let kept = true;
  for (const measured of pairs) kept = (await run(measured)) && kept;
  if (!kept) process.exitCode = 1;
} finally {
  await hub.stop();
}

function pair(what: string, small: Pair["small"], large: Pair["large"], atMost: number | undefined): Pair {
  return { what, small, large, atMost };
}

async function run({ what, small, large, atMost }: Pair): Promise<boolean> {
  const taken: { small: number[]; large: number[] } = { small: [], large: [] };
  const firsts = [await timed(small), await timed(large)].map((value) => value.toFixed(1));
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) taken.small.push(await timed(small));
    taken.large.push(await timed(large));
    if (round % 2 === 1) taken.small.push(await timed(small));
  }
  const [quick, slow] = [median(fastest(taken.small)), median(fastest(taken.large))];
  const ratio = slow / quick;
  const all = median(taken.large) / median(taken.small);
  const promise = atMost === undefined ? "–" : `≤ ${atMost}${ratio <= atMost ? "" : "  MISSED"}`;
  console.log(
    `${what.padEnd(41)} ${quick.toFixed(2).padStart(8)} ${slow.toFixed(2).padStart(8)} ${ratio.toFixed(2).padStart(15)}   ${promise}   (all rounds: ${all.toFixed(2)}; first: ${firsts.join(", ")})`,
  );
  return atMost === undefined || ratio <= atMost;
}

function fastest(values: readonly number[]): readonly number[] {
  return values.toSorted((one, other) => one - other).slice(0, Math.max(1, Math.ceil(values.length / 4)));
}

async function timed(call: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await call();
  return performance.now() - started;
}

function page(repo: string, cursor = "", folderPath = ""): () => Promise<void> {
  const recursive = folderPath === "";
  const query = new URLSearchParams({
    recursive: String(recursive),
    limit: "1000",
    ...(cursor === "" ? {} : { cursor }),
  });
  return async () => {
    const answer = await fetch(`${hub.url}/api/models/acme/${repo}/tree/main${folderPath}?${query}`);
    const entries = await answer.json();
    if (!Array.isArray(entries) || entries.length !== 1000) throw new Error(`a page has ${entries.length} entries`);
  };
}

/** A cursor that names the file in the middle. */
function cursorAfter(shape: Shape): string {
  return Buffer.from(pathOf(shape, Math.floor(many / 2))).toString("base64url");
}

function commit(repo: string, shape: Shape): () => Promise<void> {
  let count = 0;
  return async () => {
    count += 1;
    const file = { path: pathOf(shape, 7), content: `changed ${count}\n`, encoding: "utf-8" };
    const lines = [
      { key: "header", value: { summary: "Change a file" } },
      { key: "file", value: file },
    ];
    const answer = await fetch(`${hub.url}/api/models/acme/${repo}/commit/main`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/x-ndjson" },
      body: lines.map((line) => JSON.stringify(line)).join("\n"),
    });
    if (!answer.ok) throw new Error(`no commit: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
}
