import { Agent, request } from "node:http";
import { performance } from "node:perf_hooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rankTest } from "../harness/rank-test.ts";
import { GITHUB_CLAIMS, type RunningHub, startHub } from "../harness/running-hub.ts";
import { seededRandom } from "../harness/seeded-random.ts";

/** What a stranger must not be able to tell apart. Names of one length, so that nothing but the hub's own work can differ. */
const ARMS = ["acme/missing", "acme/without", "acme/private", "acme/foreign"] as const;
type Arm = (typeof ARMS)[number];

const ROUNDS = 400;
const WARM_UP = 50;
/** Per sample and pair. A difference counts only when two samples show it in the same direction: chance does so once in 20,000 per pair. */
const ALPHA = 0.01;
/**
 * Less than the default of `limits.refusal_floor_ms`, to be done sooner. Without the floor, this test tells a repo with a stranger's
 * publisher (45 µs slower, 5 % of the median) from a missing one in a single run.
 */
const FLOOR_MS = 3;
const SEED = 20_261_121;

let hub: RunningHub;
let token: string;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  hub = await startHub({ limits: { refusalFloorMs: FLOOR_MS } });
  await hub.user("acme");
  for (const repo of ["acme/without", "acme/foreign"]) await hub.repo(repo);
  await hub.repo("acme/private", { private: true });
  const issuer = hub.simulator.issuerUrl("github");
  for (const repo of ["acme/foreign", "acme/private"]) {
    const added = await hub.publisher(`models/${repo}`, { provider: "github", issuer, claims: GITHUB_CLAIMS });
    expect(added.status, added.text).toBe(201);
  }
  const claims = { repository: "evil/other", repository_id: "666", repository_owner_id: "667" };
  token = await hub.simulator.issueToken("github", { audience: hub.url, claims });
});
afterAll(async () => {
  agent.destroy();
  await hub?.[Symbol.asyncDispose]();
});

/** Milliseconds from the first byte sent to the last byte read, and the answer. */
function ask(resource: string): Promise<{ readonly took: number; readonly text: string }> {
  const body = JSON.stringify({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
    subject_token: token,
    resource,
  });
  const { promise, resolve, reject } = Promise.withResolvers<{ took: number; text: string }>();
  const started = performance.now();
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const sent = request(`${hub.url}/oauth/token`, { method: "POST", agent, headers }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    response.on("end", () => resolve({ took: performance.now() - started, text }));
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

/** Every arm once a round, in an order that changes: whatever slows the machine down hits all of them alike. */
async function sample(random: () => number): Promise<ReadonlyMap<Arm, readonly number[]>> {
  const times = new Map<Arm, number[]>(ARMS.map((arm) => [arm, []]));
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const arm of shuffled(ARMS, random)) {
      const { took } = await ask(arm);
      if (round >= 0) times.get(arm)?.push(took);
    }
  }
  return times;
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const PAIRS = ARMS.flatMap((a, index) => ARMS.slice(index + 1).map((b) => [a, b] as const));

/** Would a difference of `share` of the median be found? Tried on the measured times themselves, one half of them made slower. */
function powerAt(share: number, times: readonly number[], random: () => number): number {
  const shift = median(times) * share;
  let found = 0;
  const tries = 100;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const mixed = shuffled(times, random);
    // Two samples of the size that is tested, drawn with repetition.
    const draw = (): number => mixed[Math.floor(random() * mixed.length)] ?? 0;
    const [a, b] = [Array.from({ length: ROUNDS }, draw), Array.from({ length: ROUNDS }, () => draw() + shift)];
    const { p, z } = rankTest(b, a);
    if (p < ALPHA && z > 0) found += 1;
  }
  // Both samples must show it.
  return (found / tries) ** 2;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

describe("the time of a refusal", () => {
  it("is that of any other refusal: a missing repo, one without publishers, a private one, and one of a stranger", {
    timeout: 120_000,
  }, async () => {
    const answers = await Promise.all(
      ARMS.map(async (arm) => (await ask(arm)).text.replace(/"request_id":"[^"]*"/, "")),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain("TP1701");

    const random = seededRandom(SEED);
    const samples = [await sample(random), await sample(random)];
    const verdicts = PAIRS.map(([a, b]) => ({
      pair: `${a} / ${b}`,
      tests: samples.map((times) => rankTest(times.get(a) ?? [], times.get(b) ?? [])),
    }));
    const pooled = samples.flatMap((times) => ARMS.flatMap((arm) => times.get(arm) ?? []));
    const noticed = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4].find((share) => powerAt(share, pooled, random) >= 0.9);
    console.log(
      [
        `seed ${SEED}; ${ROUNDS} rounds twice, interleaved; median ${median(pooled).toFixed(3)} ms`,
        `a difference of ${noticed === undefined ? "more than 40" : noticed * 100} % of the median (${((noticed ?? 0.4) * median(pooled) * 1000).toFixed(0)} µs) is found with a power of at least 0.9 (alpha ${ALPHA}, twice)`,
        ...ARMS.map(
          (arm) => `${arm}: median ${samples.map((times) => median(times.get(arm) ?? []).toFixed(3)).join(", ")} ms`,
        ),
        ...verdicts.map(({ pair, tests }) => `${pair}: p = ${tests.map(({ p }) => p.toFixed(3)).join(", ")}`),
      ].join("\n"),
    );

    // A test that could not notice anything would pass for the wrong reason.
    expect(noticed).toBeDefined();
    const different = verdicts.filter(
      ({ tests }) => tests.every(({ p }) => p < ALPHA) && new Set(tests.map(({ z }) => Math.sign(z))).size === 1,
    );
    expect(different).toEqual([]);
  });

  it("would be found if it differed", () => {
    const random = seededRandom(SEED);
    const fast = Array.from({ length: 300 }, () => 1 + random());
    const slow = Array.from({ length: 300 }, () => 1.2 + random());
    expect(rankTest(slow, fast)).toMatchObject({ p: expect.closeTo(0, 3) });
    expect(rankTest(fast, [...fast]).p).toBeCloseTo(1);
  });
});
