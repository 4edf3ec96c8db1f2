import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync, globSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { verifyAuditData } from "@postern/server/audit";
import { startSimulator } from "@postern/simulator";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { GITHUB_CLAIMS } from "../harness/running-hub.ts";
import { seededRandom, testSeed } from "../harness/seeded-random.ts";
import { freePort, startServerProcess } from "../harness/server-process.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const ROUNDS = Number(process.env.POSTERN_KILL_ROUNDS ?? 50);
const ADMIN_TOKEN = `hf_${"A1b2C3d4".repeat(4)}Zz`;
const REPO = "acme/train";

/** What clients were told, and therefore must never be lost. */
interface Acknowledged {
  readonly tokenIds: Set<string>;
  readonly commits: Set<string>;
  readonly objects: Set<string>;
}

it(`keeps every promise through ${ROUNDS} times kill -9 in the middle of exchanges, uploads and commits`, {
  timeout: 600_000,
}, async () => {
  const random = seededRandom(testSeed("kill-nine"));
  using folder = temporaryFolder("kill");
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
  const acknowledged: Acknowledged = { tokenIds: new Set(), commits: new Set(), objects: new Set() };

  let server = await start();
  await prepare(server.url, simulator.origin, simulator.issuerUrl("github"));
  for (let round = 1; round <= ROUNDS; round++) {
    const load = new AbortController();
    const work = [
      ...Array.from({ length: 4 }, () =>
        exchangeRepeatedly(
          server.url,
          () => simulator.issueToken("github", { audience: server.url }),
          acknowledged,
          load.signal,
        ),
      ),
      ...Array.from({ length: 2 }, () => commitRepeatedly(server.url, acknowledged, load.signal)),
      ...Array.from({ length: 2 }, () => uploadRepeatedly(server.url, acknowledged, load.signal)),
    ];
    // Every third round is killed while a server has just begun to work, the rest right behind a commit, however slow the machine is.
    const committed = acknowledged.commits.size;
    if (round % 3 === 0) await setTimeout(30 + random() * 350);
    else {
      const deadline = Date.now() + 10_000;
      while (acknowledged.commits.size === committed && Date.now() < deadline) await setTimeout(5);
      await setTimeout(random() * 150);
    }
    await server.kill("SIGKILL");
    load.abort();
    await Promise.all(work);

    await checkChainAndGrants(dataDir, acknowledged, round);
    checkRepo(dataDir, acknowledged, round);
    await checkObjects(dataDir, acknowledged, round);
    server = await start();
  }
  await server.kill("SIGTERM");
  console.info(
    `kill-nine: ${acknowledged.tokenIds.size} tokens, ${acknowledged.commits.size} commits, ${acknowledged.objects.size} objects acknowledged and kept`,
  );
  expect(acknowledged.tokenIds.size).toBeGreaterThan(ROUNDS);
  expect(acknowledged.commits.size).toBeGreaterThan(ROUNDS / 2);
  expect(acknowledged.objects.size).toBeGreaterThan(ROUNDS / 5);
});

async function prepare(url: string, origin: string, issuer: string): Promise<void> {
  await must(post(`${url}/api/postern/v1/issuers`, { provider: "github", url: issuer, allow_origins: [origin] }));
  await must(post(`${url}/api/repos/create`, { organization: "acme", name: "train", type: "model" }));
  await must(
    post(`${url}/api/postern/v1/models/${REPO}/publishers`, { provider: "github", issuer, claims: GITHUB_CLAIMS }),
  );
}

function post(url: string, body: unknown, contentType = "application/json"): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": contentType, authorization: `Bearer ${ADMIN_TOKEN}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

async function must(answer: Promise<Response>): Promise<void> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

/** Repeats until the server is gone: a refused or cut connection ends the loop, an answer never does. */
async function whileServing(signal: AbortSignal, once: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await once();
    } catch (error) {
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

function exchangeRepeatedly(
  url: string,
  mint: () => Promise<string>,
  acknowledged: Acknowledged,
  signal: AbortSignal,
): Promise<void> {
  return whileServing(signal, async () => {
    const response = await fetch(`${url}/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
        subject_token: await mint(),
        resource: REPO,
      }),
    });
    const { access_token: token } = JSON.parse(await response.text());
    const payload = String(token).slice("hf_jwt_".length).split(".")[1] ?? "";
    acknowledged.tokenIds.add(JSON.parse(Buffer.from(payload, "base64url").toString()).jti);
  });
}

let fileNumber = 0;

function commitRepeatedly(url: string, acknowledged: Acknowledged, signal: AbortSignal): Promise<void> {
  return whileServing(signal, async () => {
    fileNumber += 1;
    await commitLines(url, acknowledged, [
      {
        key: "file",
        value: {
          path: `files/${fileNumber}.txt`,
          content: Buffer.from(`number ${fileNumber}\n`).toString("base64"),
          encoding: "base64",
        },
      },
    ]);
  });
}

async function commitLines(url: string, acknowledged: Acknowledged, lines: readonly unknown[]): Promise<void> {
  const body = [{ key: "header", value: { summary: "Under fire" } }, ...lines]
    .map((line) => JSON.stringify(line))
    .join("\n");
  const response = await post(`${url}/api/models/${REPO}/commit/main`, body, "application/x-ndjson");
  const { commitOid } = JSON.parse(await response.text());
  acknowledged.commits.add(commitOid);
}

function uploadRepeatedly(url: string, acknowledged: Acknowledged, signal: AbortSignal): Promise<void> {
  return whileServing(signal, async () => {
    const content = randomBytes(300_000);
    const oid = createHash("sha256").update(content).digest("hex");
    const batch = await post(
      `${url}/${REPO}.git/info/lfs/objects/batch`,
      { operation: "upload", transfers: ["basic"], hash_algo: "sha256", objects: [{ oid, size: content.length }] },
      "application/vnd.git-lfs+json",
    );
    const { objects } = JSON.parse(await batch.text());
    const put = await fetch(objects[0].actions.upload.href, { method: "PUT", body: content });
    await put.text();
    if (!put.ok) throw new Error(`PUT ${put.status}`);
    acknowledged.objects.add(oid);
    await commitLines(url, acknowledged, [
      { key: "lfsFile", value: { path: `objects/${oid.slice(0, 12)}.bin`, algo: "sha256", oid, size: content.length } },
    ]);
  });
}

async function checkChainAndGrants(dataDir: string, acknowledged: Acknowledged, round: number): Promise<void> {
  const { chain: verified } = await verifyAuditData(dataDir);
  expect(verified, `audit chain after round ${round}`).toMatchObject({ kind: "intact" });
  const database = new Database(path.join(dataDir, "postern.db"));
  try {
    const grants = database.prepare<[], { token_id: string }>("select token_id from grants").all();
    const audited = new Set(
      database
        .prepare<[], { detail: string }>(
          "select detail from audit_log where event = 'token.exchange' and outcome = 'allowed'",
        )
        .all()
        .map(({ detail }) => JSON.parse(detail).jti),
    );
    expect(
      grants.filter(({ token_id }) => !audited.has(token_id)),
      `tokens without an audit entry after round ${round}`,
    ).toEqual([]);
    const granted = new Set(grants.map(({ token_id }) => token_id));
    expect(
      [...acknowledged.tokenIds].filter((id) => !granted.has(id)),
      `acknowledged tokens that are lost after round ${round}`,
    ).toEqual([]);
  } finally {
    database.close();
  }
}

function checkRepo(dataDir: string, acknowledged: Acknowledged, round: number): void {
  const [repo] = globSync(path.join(dataDir, "repos", "*", "*.git"));
  if (repo === undefined) throw new Error("no repo on disk");
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-C", repo, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  git("fsck", "--full", "--strict", "--no-dangling");
  const history = new Set(git("rev-list", "--all").split("\n"));
  expect(
    [...acknowledged.commits].filter((id) => !history.has(id)),
    `acknowledged commits that are lost after round ${round}`,
  ).toEqual([]);
}

async function checkObjects(dataDir: string, acknowledged: Acknowledged, round: number): Promise<void> {
  for (const oid of acknowledged.objects) {
    expect(existsSync(objectFile(dataDir, oid)), `acknowledged object ${oid} after round ${round}`).toBe(true);
  }
  // Only what is new can have been hurt: names are digests and files are never written twice.
  for (const file of globSync(path.join(dataDir, "lfs", "??", "??", "*"))) {
    if (checkedFiles.has(file)) continue;
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(file)) hash.update(chunk);
    expect(hash.digest("hex"), `${file} after round ${round}`).toBe(path.basename(file));
    checkedFiles.add(file);
  }
}

const checkedFiles = new Set<string>();

function objectFile(dataDir: string, oid: string): string {
  return path.join(dataDir, "lfs", oid.slice(0, 2), oid.slice(2, 4), oid);
}
