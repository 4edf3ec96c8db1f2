import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { ConfigError } from "@postern/server";
import { verifyAuditData, verifyAuditFile } from "@postern/server/audit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, type AuditedHub, addUser, auditedHub } from "./audited-hub.ts";
import { recomputeChain } from "./recomputed-chain.ts";

let hub: AuditedHub;
beforeEach(() => {
  hub = auditedHub();
});
afterEach(() => hub[Symbol.dispose]());

describe("checkpoints of a running server", () => {
  it("are made when it stops, in both files, and fit what it wrote", async () => {
    const key = await hub.run("early", 3);
    await hub.run("late", 2);
    for (const checkpoints of [hub.witness, path.join(hub.dataDir, "checkpoints")]) {
      const verdict = await verifyAuditData(hub.dataDir, { checkpoints, key });
      expect(verdict).toMatchObject({ chain: { kind: "intact" }, forged: 0, passedOver: 0, isSignatureChecked: true });
      expect(verdict.chain.kind === "intact" && verdict.chain.checkpoints).toBeGreaterThanOrEqual(2);
    }
    expect(await verifyAuditFile(await hub.exported("all"), { checkpoints: hub.witness, key })).toMatchObject({
      chain: { kind: "intact" },
    });
  });

  it("are signed notes whose proofs lead to the entries of the log", async () => {
    const key = await hub.run("user", 5);
    const server = await hub.start();
    try {
      const text = await get(server.url, "checkpoint");
      const [origin, size, root, head] = text.split("\n");
      expect(origin).toBe("hub.example/audit");
      expect(head).toMatch(/^chain-head [0-9a-f]{64}$/);
      expect(key.startsWith("hub.example/audit+")).toBe(true);
      const entries = (await get(server.url, "")).trimEnd().split("\n");
      expect(entries.length).toBeGreaterThanOrEqual(Number(size));
      for (const seq of [1, 3, Number(size)]) {
        const proof: { readonly index: number; readonly hashes: readonly string[] } = JSON.parse(
          await get(server.url, `proof?seq=${seq}&size=${size}`),
        );
        expect(rootFrom(entries[seq - 1] ?? "", proof.index, Number(size), proof.hashes)).toBe(root);
      }
      expect(JSON.parse(await get(server.url, `proof?from=2&size=${size}`))).toMatchObject({
        from: 2,
        size: Number(size),
      });
    } finally {
      await server.close();
    }
  });

  it("give proofs to administrators only, and refuse what is not in the tree", async () => {
    await hub.run("user", 1);
    const server = await hub.start();
    const status = async (query: string, token?: string): Promise<number> =>
      (
        await fetch(`${server.url}/api/postern/v1/audit/${query}`, {
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        })
      ).status;
    try {
      expect(await status("proof?seq=1")).toBe(401);
      expect(await status("proof?seq=1", ADMIN_TOKEN)).toBe(200);
      for (const query of ["proof", "proof?seq=0", "proof?seq=99999", "proof?seq=1&from=1", "proof?seq=1&size=99999"])
        expect(await status(query, ADMIN_TOKEN), query).toBe(422);
    } finally {
      await server.close();
    }
  });
});

describe("a start on a database that its checkpoints were not made of", () => {
  it("is refused for an old copy, even when the checkpoints inside were put back with it", async () => {
    const key = await hub.run("early", 3);
    hub.backUp("old");
    await hub.run("late", 3);
    hub.restore("old");
    const before = readFileSync(path.join(hub.dataDir, "postern.db"));
    await expect(hub.start()).rejects.toThrow(ConfigError);
    await expect(hub.start()).rejects.toThrow("older than the checkpoint");
    expect(readFileSync(path.join(hub.dataDir, "postern.db")).equals(before)).toBe(true);
    expect(await verifyAuditFile(await hub.exported("old"), { checkpoints: hub.witness, key })).toMatchObject({
      chain: { kind: "broken", reason: "truncated" },
    });
  });

  it("goes on when it is accepted: recorded, under a new name and key, and the next start is a usual one", async () => {
    await hub.run("early", 3);
    hub.backUp("old");
    await hub.run("late", 3);
    hub.restore("old");
    const key = await hub.run("after", 1, { acceptAuditRollback: true });
    expect(key).toMatch(/^hub\.example\/audit\/\d{8}T\d{6}Z\+/);
    const lines = readFileSync(await hub.exported("accepted"), "utf8");
    expect(lines).toContain('"event":"audit.rollback_accepted"');
    expect(lines).toContain('"reason":"older"');
    expect(await hub.run("usual", 1)).toBe(key);
    const verdict = await verifyAuditData(hub.dataDir, { checkpoints: hub.witness });
    expect(verdict).toMatchObject({ chain: { kind: "intact" }, forged: 0 });
    expect(verdict.passedOver, "the lost history's checkpoints have another key").toBeGreaterThan(0);
  });

  it("is refused for a chain that was computed anew, which is whole in itself", async () => {
    const key = await hub.run("user", 4);
    recomputeChain(hub.dataDir, 5, { actor_name: "somebody-else" });
    const nothing = path.join(hub.dataDir, "none");
    writeFileSync(nothing, "");
    expect(await verifyAuditData(hub.dataDir, { checkpoints: nothing })).toMatchObject({ chain: { kind: "intact" } });
    expect(await verifyAuditData(hub.dataDir)).toMatchObject({ chain: { kind: "broken", reason: "rewritten" } });
    expect(await verifyAuditFile(await hub.exported("new"), { checkpoints: hub.witness, key })).toMatchObject({
      chain: { reason: "rewritten" },
    });
    await expect(hub.start()).rejects.toThrow("another history");
  });

  it("is refused for a new database in place of a lost one", async () => {
    await hub.run("user", 2);
    rmSync(hub.dataDir, { recursive: true });
    await expect(hub.start()).rejects.toThrow("a key that this database does not hold");
  });

  it("is refused when somebody wrote into the newest checkpoint", async () => {
    await hub.run("user", 2);
    const text = readFileSync(hub.witness, "utf8");
    const last = text.lastIndexOf("hub.example/audit\n");
    const forged = text.slice(last).replace(/\n\d+\n/, "\n1\n");
    writeFileSync(hub.witness, text + forged);
    await expect(hub.start()).rejects.toThrow("not its signature");
    expect(await verifyAuditData(hub.dataDir, { checkpoints: hub.witness })).toMatchObject({ forged: 1 });
  });

  it("passes over a checkpoint that a crash cut off", async () => {
    const key = await hub.run("user", 2);
    const text = readFileSync(hub.witness, "utf8");
    const newest = text.slice(text.lastIndexOf("hub.example/audit\n"));
    for (const cut of [60, newest.indexOf("—") + 30, newest.length - 20]) {
      writeFileSync(hub.witness, readFileSync(hub.witness, "utf8") + newest.slice(0, cut));
      expect(await hub.run(`more-${cut}`, 1)).toBe(key);
    }
    hub.backUp("whole");
    await hub.run("most", 1);
    writeFileSync(hub.witness, readFileSync(hub.witness, "utf8") + newest.slice(0, newest.length - 20));
    hub.restore("whole");
    await expect(hub.start(), "the one before it still counts").rejects.toThrow("older than the checkpoint");
    hub.restore("whole");
    expect(await verifyAuditData(hub.dataDir, { checkpoints: hub.witness })).toMatchObject({
      chain: { reason: "truncated" },
      forged: 0,
    });
  });
});

describe("a sink that is down", () => {
  it("holds no request up, is recorded and shown, and gets what it missed", async () => {
    const taken: string[] = [];
    let isUp = false;
    const sink = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        if (isUp) taken.push(body);
        response.writeHead(isUp ? 204 : 500).end();
      });
    }).listen(0, "127.0.0.1");
    await once(sink, "listening");
    const address = sink.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const server = await hub.start({ checkpointUrl: `http://127.0.0.1:${port}/` });
    try {
      const ready = async (): Promise<unknown> => (await fetch(`${server.url}/readyz`)).json();
      await until(async () => JSON.stringify(await ready()).includes("sink http is failing"));
      await addUser(server.url, "meanwhile");
      expect(await get(server.url, "")).toContain('"event":"audit.sink_failed"');
      isUp = true;
      await until(async () => JSON.stringify(await ready()) === '{"status":"ready"}');
      expect(taken[0]).toContain("hub.example/audit\n");
      await until(async () => (await get(server.url, "")).includes('"event":"audit.sink_recovered"'));
    } finally {
      await server.close();
      sink.close();
    }
    expect(existsSync(hub.witness)).toBe(true);
    expect(taken.at(-1)).toBe(
      readFileSync(hub.witness, "utf8")
        .split(/(?<=\n)\n(?=hub)/)
        .at(-1)
        ?.replace(/\n\n$/, "\n"),
    );
  });
});

async function get(url: string, what: string): Promise<string> {
  const response = await fetch(`${url}/api/postern/v1/audit${what === "" ? "" : `/${what}`}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${what}: ${response.status} ${text}`);
  return text;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** RFC 9162 §2.1.3.2, written here a second time. */
function rootFrom(line: string, index: number, size: number, hashes: readonly string[]): string {
  let node = createHash("sha256").update(`\0${line}`).digest();
  let [at, last] = [index, size - 1];
  for (const encoded of hashes) {
    const sibling = Buffer.from(encoded, "base64");
    const isRight = at % 2 === 1 || at === last;
    node = createHash("sha256")
      .update(Buffer.concat(isRight ? [Buffer.of(1), sibling, node] : [Buffer.of(1), node, sibling]))
      .digest();
    while (isRight && at % 2 === 0 && at !== 0) {
      at /= 2;
      last = Math.floor(last / 2);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return node.toString("base64");
}
