import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { startSimulator } from "@postern/simulator";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { GITHUB_CLAIMS } from "../harness/running-hub.ts";
import { seededRandom, testSeed } from "../harness/seeded-random.ts";
import { freePort, startServerProcess } from "../harness/server-process.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const ROUNDS = 6;
const NAMES_PER_ROUND = 12;
const ADMIN_TOKEN = `hf_${"A1b2C3d4".repeat(4)}Zz`;

/** Every held name and every repo, as the catalogue, the disk, the grants and the audit log have them. */
interface Traces {
  readonly name: string;
  readonly held: boolean;
  readonly repo: boolean;
  readonly directory: boolean;
  readonly grants: number;
  readonly created: number;
  readonly exchanged: number;
}

it("leaves nothing or everything of a first exchange through 6 times kill -9", {
  timeout: 300_000,
}, async () => {
  const random = seededRandom(testSeed("pending-crash"));
  using folder = temporaryFolder("pending");
  const dataDir = path.join(folder.path, "data");
  await using simulator = await startSimulator();
  const port = await freePort();
  const start = () =>
    startServerProcess({
      port,
      dataDir,
      args: ["--bootstrap-admin", "acme"],
      env: { POSTERN_ADMIN_TOKEN: ADMIN_TOKEN },
    });
  const issuer = simulator.issuerUrl("github");
  let server = await start();
  await post(`${server.url}/api/postern/v1/issuers`, {
    provider: "github",
    url: issuer,
    allow_origins: [simulator.origin],
  });
  let interrupted = 0;
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const names = Array.from({ length: NAMES_PER_ROUND }, (_, index) => `r${round}-${index}`);
    for (const name of names) {
      const body = { provider: "github", issuer, claims: GITHUB_CLAIMS, pending: true };
      expect((await post(`${server.url}/api/postern/v1/models/acme/${name}/publishers`, body)).status).toBe(201);
    }
    const tokens = await Promise.all(names.map(() => simulator.issueToken("github", { audience: server.url })));
    const answers = names.map((name, index) =>
      exchange(server.url, tokens[index] ?? "", `acme/${name}`).then(
        (status) => ({ name, status }),
        () => ({ name, status: 0 }),
      ),
    );
    // Killed at a random moment around the time of a random answer, so that some are done, some under way, some not begun.
    const awaited = answers[Math.floor((random() * NAMES_PER_ROUND) / 3)];
    await awaited;
    await new Promise((resolve) => setTimeout(resolve, random() * 6));
    await server.kill("SIGKILL");
    const granted = (await Promise.all(answers)).filter(({ status }) => status === 200).map(({ name }) => name);
    server = await start();

    for (const traces of tracesOf(dataDir, names)) {
      const { name, held, repo, directory, grants, created, exchanged } = traces;
      expect([held, directory, grants, created, exchanged], `${name} ${JSON.stringify(traces)}`).toEqual(
        repo ? [false, true, 1, 1, 1] : [true, false, 0, 0, 0],
      );
      if (granted.includes(name)) expect(repo, `${name} was acknowledged`).toBe(true);
      if (!repo) interrupted += 1;
    }
    expect(readdirSync(path.join(dataDir, "repos", "tmp"))).toEqual([]);
    acknowledged += granted.length;
    // Whatever happened, the next id token of the job gets its token, and the quota is free for the next round.
    for (const name of names) {
      const token = await simulator.issueToken("github", { audience: server.url });
      expect(await exchange(server.url, token, `acme/${name}`), name).toBe(200);
    }
  }
  await server.kill("SIGTERM");
  expect(acknowledged).toBeGreaterThan(0);
  console.info(`pending-crash: ${acknowledged} acknowledged, ${interrupted} undone, of ${ROUNDS * NAMES_PER_ROUND}`);
});

function post(url: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}

async function exchange(url: string, subjectToken: string, resource: string): Promise<number> {
  const response = await fetch(`${url}/oauth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      subject_token: subjectToken,
      resource,
    }),
  });
  await response.text();
  return response.status;
}

function tracesOf(dataDir: string, names: readonly string[]): readonly Traces[] {
  using database = new DisposableDatabase(path.join(dataDir, "postern.db"));
  const count = (sql: string, value: string): number => Number(database.db.prepare(sql).pluck().get(value));
  return names.map((name) => {
    const heldId = database.db.prepare("select repo_id from held_names where name = ?").pluck().get(name);
    const repoId = database.db.prepare("select repo_id from repos where name = ?").pluck().get(name);
    const id = String(repoId ?? heldId);
    const entries = "select count(*) from audit_log where resource = ? and outcome = 'allowed' and event = ";
    return {
      name,
      held: heldId !== undefined,
      repo: repoId !== undefined,
      directory: existsSync(path.join(dataDir, "repos", id.slice(0, 2), `${id}.git`)),
      grants: count("select count(*) from grants where repo_id = ?", id),
      created: count(`${entries}'repo.create'`, `models/acme/${name}`),
      exchanged: count(`${entries}'token.exchange'`, `models/acme/${name}`),
    };
  });
}

class DisposableDatabase implements Disposable {
  readonly db: Database.Database;

  constructor(file: string) {
    this.db = new Database(file, { readonly: true });
  }

  [Symbol.dispose](): void {
    this.db.close();
  }
}
