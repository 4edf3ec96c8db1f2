import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { BIN } from "../testing/run-bin.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A hub that exchanges and revokes, and does to every other request what the test says. */
async function hub(onWork: () => number | "silence"): Promise<{ readonly url: string; readonly revoked: string[] }> {
  const revoked: string[] = [];
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      if (request.url === "/oauth/revoke") {
        revoked.push(body);
        response.end();
      } else if (request.url === "/oauth/token") {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ access_token: "hf_jwt_a.b.c", token_type: "bearer", expires_in: 3600 }));
      } else {
        const status = onWork();
        if (status !== "silence") response.writeHead(status).end();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the hub has no port");
  return { url: `http://127.0.0.1:${address.port}`, revoked };
}

function download(url: string, login: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [BIN, "download", "acme/m", "--revoke-on-exit"], {
    env: { PATH: process.env.PATH ?? "", HF_HOME: "/nonexistent/hf", NO_COLOR: "1", HF_ENDPOINT: url, ...login },
    stdio: "ignore",
  });
}

const KEYLESS = { HF_OIDC_RESOURCE: "acme/m", HF_OIDC_ID_TOKEN: "a.b.c" };

describe("--revoke-on-exit", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("ends the token when %s stops the command", async (signal) => {
    let child: ChildProcess | undefined;
    const { url, revoked } = await hub(() => {
      child?.kill(signal);
      return "silence";
    });
    child = download(url, KEYLESS);
    const [code] = await once(child, "exit");
    expect([code, revoked]).toEqual([1, ["token=hf_jwt_a.b.c"]]);
  });

  it("ends the token when the work fails", async () => {
    const { url, revoked } = await hub(() => 403);
    const [code] = await once(download(url, KEYLESS), "exit");
    expect([code, revoked]).toEqual([1, ["token=hf_jwt_a.b.c"]]);
  });

  it("never touches a stored token", async () => {
    const { url, revoked } = await hub(() => 403);
    await once(download(url, { HF_TOKEN: "hf_personal" }), "exit");
    expect(revoked).toEqual([]);
  });
});
