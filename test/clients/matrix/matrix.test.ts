import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHub, startHub } from "../../harness/running-hub.ts";
import { type TemporaryFolder, temporaryFolder } from "../../harness/temporary-folder.ts";
import { endpointOf } from "../endpoints/hub-endpoints.ts";
import { refusalFor } from "./access-rules.ts";
import { ACCESSES, type Access, BEARERS, type Cell, type Expected, type Operation, type Outcome } from "./axes.ts";
import type { ClientUnderTest } from "./client-under-test.ts";
import { gitClient } from "./git-client.ts";
import { gitLfsClient } from "./git-lfs-client.ts";
import { javascriptClient } from "./javascript-client.ts";
import { prepareLanes } from "./lanes.ts";
import { posternClient } from "./postern-client.ts";
import { pythonClient } from "./python-client.ts";

// What every real client may do on every kind of repo with every kind of token. `npm run clients` prints the outcome as tables.

const CLIENTS = [gitClient, gitLfsClient, javascriptClient, posternClient, pythonClient];
const PRESENT = CLIENTS.filter(({ missing }) => missing === undefined);

let hub: RunningHub;
let folder: TemporaryFolder;
const outcomes = new Map<string, Outcome>();
const requests: { readonly method: string; readonly path: string }[] = [];

beforeAll(async () => {
  hub = await startHub({
    log: (line) => {
      const entry = JSON.parse(line);
      if (entry.msg === "request") requests.push(entry);
    },
  });
  folder = temporaryFolder("matrix");
  const lanes = await prepareLanes(
    hub,
    PRESENT.map(({ name }) => name),
    folder.path,
  );
  const work = PRESENT.flatMap((client) => ACCESSES.map((access) => ({ client, access })));
  requests.length = 0;
  // A few lanes at once: the programs wait for the hub most of the time.
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let next = work.shift(); next !== undefined; next = work.shift()) {
        const { client, access } = next;
        const lane = lanes.get(client.name)?.[access];
        if (lane === undefined) throw new Error("unreachable");
        const cells = cellsOf(client, access);
        const done = await client.run(lane, cells);
        for (const [at, cell] of cells.entries()) {
          const outcome = done[at];
          if (outcome !== undefined) outcomes.set(titleOf(client, access, cell), outcome);
        }
      }
    }),
  );
  // Hundreds of programs, started in turn.
}, 300_000);
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

/** Bearers in turn, each with all operations; the owner, who may end the repo, comes last. */
function cellsOf({ operations }: ClientUnderTest, access: Access): readonly Cell[] {
  return BEARERS.flatMap((bearer) => operations.map((operation) => ({ operation, bearer }))).filter(
    // Who one is does not depend on a repo.
    ({ operation }) => operation !== "whoami" || access === "public",
  );
}

function titleOf(client: ClientUnderTest, access: Access, { operation, bearer }: Cell): string {
  return `${client.name}: ${operation} · ${access} · ${bearer}`;
}

function expectedOf(client: ClientUnderTest, operation: Operation, access: Access, cell: Cell): Expected {
  const refusal = refusalFor(operation, access, cell.bearer);
  return refusal === undefined ? { kind: "allowed" } : client.expects(operation, refusal);
}

describe.each(CLIENTS)("$name", (client) => {
  const rows = ACCESSES.flatMap((access) =>
    cellsOf(client, access).map((cell) => ({
      ...cell,
      access,
      key: titleOf(client, access, cell),
      expected: expectedOf(client, cell.operation, access, cell),
    })),
  );
  it
    .skipIf(client.missing !== undefined)
    .each(
      rows.map(
        (row) =>
          [
            `${row.operation} · ${row.access} · ${row.bearer} · ${row.expected.kind === "allowed" ? "yes" : `${row.expected.error}: ${row.expected.says}`}`,
            row,
          ] as const,
      ),
    )("%s", (_title, { key, expected }) => {
    const outcome = outcomes.get(key);
    if (expected.kind === "allowed") {
      expect(outcome).toEqual({ kind: "allowed" });
    } else {
      expect(outcome).toMatchObject({
        kind: "refused",
        error: expected.error,
        message: expect.stringContaining(expected.says),
      });
    }
  });
});

it("sees no client ask for anything that docs/reference/endpoints.md does not name, or names for others only", () => {
  const unnamed = requests.flatMap(({ method, path }) => {
    const at = `${method} ${path.replace(/of-client-\d+-\w+/, "REPO")}`;
    const endpoint = endpointOf(method, path);
    if (endpoint === undefined) return [at];
    const owner = PRESENT[Number(/of-client-(\d+)/.exec(path)?.[1] ?? Number.NaN)];
    // git-lfs is a part of git: its clones and pushes are git's.
    const names = owner?.name === "git-lfs" ? ["git", "git-lfs"] : [owner?.name];
    const known = owner === undefined || endpoint.callers.some((caller) => names.includes(caller));
    return known ? [] : [`${at} by ${owner.name}`];
  });
  expect(requests.length).toBeGreaterThan(100);
  expect([...new Set(unnamed)]).toEqual([]);
});
