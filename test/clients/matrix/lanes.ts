import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { GITHUB_CLAIMS, type RunningHub } from "../../harness/running-hub.ts";
import { ACCESSES, type Access, BEARERS, type Bearer, labelOf } from "./axes.ts";
import type { Lane } from "./client-under-test.ts";

export const SMALL_FILE = { path: "small.txt", content: Buffer.from("small\n") } as const;
export const LARGE_FILE = { path: "weights.bin", content: Buffer.alloc(70_000, "weights ") } as const;

type People = Readonly<Record<"reader" | "writer" | "owner", string>>;

/** One repo for each client and each kind of access, with the tokens that are tried on it. */
export async function prepareLanes(
  hub: RunningHub,
  clients: readonly string[],
  folder: string,
): Promise<ReadonlyMap<string, Readonly<Record<Access, Lane>>>> {
  const people = await prepareOrganization(hub);
  await hub.repo("acme/other", { token: people.owner });
  const otherJob = await tokenOfJob(hub, "acme/other", people.owner);
  const lanes = new Map<string, Readonly<Record<Access, Lane>>>();
  for (const [at, client] of clients.entries()) {
    const [open, hidden, gated] = await Promise.all(
      ACCESSES.map((access) => prepareLane(hub, people, otherJob, `acme/of-client-${at}-${access}`, access, folder)),
    );
    if (open === undefined || hidden === undefined || gated === undefined) throw new Error("unreachable");
    lanes.set(client, { public: open, private: hidden, gated });
  }
  return lanes;
}

async function prepareOrganization(hub: RunningHub): Promise<People> {
  const people = { reader: await hub.user("rita"), writer: await hub.user("wanda"), owner: await hub.user("olga") };
  await must(hub.call("POST", "/api/postern/v1/orgs", { token: hub.adminToken, body: { name: "acme" } }));
  for (const [name, role] of [
    ["rita", "read"],
    ["wanda", "write"],
    ["olga", "admin"],
  ])
    await must(hub.call("PUT", `/api/postern/v1/orgs/acme/members/${name}`, { token: hub.adminToken, body: { role } }));
  return people;
}

async function prepareLane(
  hub: RunningHub,
  people: People,
  otherJob: string,
  repo: string,
  access: Access,
  folder: string,
): Promise<Lane> {
  await hub.repo(repo, { token: people.owner, private: access === "private" });
  await firstFiles(hub, repo, people.owner);
  if (access === "gated")
    await must(hub.call("PUT", `/api/models/${repo}/settings`, { token: people.owner, body: { gated: "manual" } }));
  const tokens: Record<Bearer, string | undefined> = {
    nobody: undefined,
    ...people,
    "this repo's job": await tokenOfJob(hub, repo, people.owner),
    "another repo's job": otherJob,
  };
  const own = path.join(folder, repo);
  mkdirSync(own, { recursive: true });
  return { hubUrl: hub.url, access, repo, tokens, folder: own };
}

async function tokenOfJob(hub: RunningHub, repo: string, owner: string): Promise<string> {
  const issuer = hub.simulator.issuerUrl("github");
  await must(hub.publisher(`models/${repo}`, { provider: "github", issuer, claims: GITHUB_CLAIMS }, owner));
  const subject = await hub.simulator.issueToken("github", { audience: hub.url });
  return (await must(hub.exchange(subject, repo))).json.access_token;
}

/** A small file, a large one, and for each bearer one to delete. */
async function firstFiles(hub: RunningHub, repo: string, token: string): Promise<void> {
  const oid = createHash("sha256").update(LARGE_FILE.content).digest("hex");
  const size = LARGE_FILE.content.length;
  const batch = await must(
    hub.call("POST", `/${repo}.git/info/lfs/objects/batch`, {
      token,
      body: { operation: "upload", transfers: ["basic"], objects: [{ oid, size }] },
    }),
  );
  const { href } = batch.json.objects[0].actions.upload;
  const stored = await fetch(href, { method: "PUT", body: new Uint8Array(LARGE_FILE.content) });
  if (!stored.ok) throw new Error(`preparing ${repo} failed: ${stored.status}`);
  const file = (name: string, content: string) => ({ key: "file", value: { path: name, content, encoding: "utf-8" } });
  const lines = [
    { key: "header", value: { summary: "First files" } },
    file(SMALL_FILE.path, SMALL_FILE.content.toString()),
    { key: "lfsFile", value: { path: LARGE_FILE.path, algo: "sha256", oid, size } },
    ...BEARERS.map((bearer) => file(`to-delete/${labelOf(bearer)}`, "to delete")),
  ];
  await must(
    hub.call("POST", `/api/models/${repo}/commit/main`, {
      token,
      body: lines.map((line) => JSON.stringify(line)).join("\n"),
      headers: { "content-type": "application/x-ndjson" },
    }),
  );
}

async function must(answer: ReturnType<RunningHub["call"]>): ReturnType<RunningHub["call"]> {
  const { status, text, ...rest } = await answer;
  if (status >= 300) throw new Error(`preparing the matrix failed: ${status} ${text}`);
  return { status, text, ...rest };
}
