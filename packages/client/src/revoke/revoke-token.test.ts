import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createClient } from "../adapters/node-client.ts";
import { OidcError } from "../error/oidc-error.ts";

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function hubAnswering(
  answer: (asked: string, body: string, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const line = `${request.method} ${request.url}`;
      asked.push(`${line} ${body}`);
      answer(line, body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the hub has no port");
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

describe("revokeToken", () => {
  it("sends the token as a form, and nothing else of this machine's login", async () => {
    const hub = await hubAnswering((_line, _body, response) => response.end());
    await createClient({ environment: { HF_TOKEN: "hf_other" } }).revokeToken({
      token: " hf_jwt_a.b.c\n",
      endpoint: hub.url,
    });
    expect(hub.asked).toEqual(["POST /oauth/revoke token=hf_jwt_a.b.c"]);
  });

  it("forgets the token, so that the next call logs in anew", async () => {
    let exchanges = 0;
    const hub = await hubAnswering((line, _body, response) => {
      if (line !== "POST /oauth/token") return void response.end();
      exchanges += 1;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ access_token: `hf_jwt_${exchanges}`, token_type: "bearer", expires_in: 3600 }));
    });
    const client = createClient({
      environment: { HF_ENDPOINT: hub.url, HF_OIDC_RESOURCE: "acme/m", HF_OIDC_ID_TOKEN: "a.b.c" },
    });
    const first = await client.getToken();
    expect(await client.getToken()).toBe(first);
    await client.revokeToken({ token: String(first) });
    expect(await client.getToken()).toBe("hf_jwt_2");
  });

  it("says that the token still works when the hub refuses, without showing it", async () => {
    const hub = await hubAnswering((_line, _body, response) => response.writeHead(404).end());
    const failure = await createClient({ environment: {} })
      .revokeToken({ token: "hf_jwt_secret", endpoint: hub.url })
      .catch((error: unknown) => error);
    if (!(failure instanceof OidcError)) throw new Error("no OidcError");
    expect([failure.code, failure.status]).toEqual(["revocation_failed", 404]);
    expect(failure.message).not.toContain("secret");
  });
});
