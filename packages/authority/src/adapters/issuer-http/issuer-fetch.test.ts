import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalIssuer, sendJson, startIssuer } from "../../token-exchange/local-issuer.contract.ts";
import { fetchIssuerDocument, IssuerFetchError, type ResolvedAddress } from "./issuer-fetch.ts";

let server: LocalIssuer;

beforeAll(async () => {
  server = await startIssuer([]);
});

afterAll(() => server.close());

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "fetched";
  } catch (error) {
    if (error instanceof IssuerFetchError) return error.reason;
    throw error;
  }
}

function fetchAllowed(path: string): Promise<unknown> {
  return fetchIssuerDocument(`${server.origin}${path}`, [server.origin]);
}

describe("an address that was not excepted", () => {
  const FORBIDDEN: readonly (readonly [reason: string, url: (port: number) => string])[] = [
    ["not-https", (port) => `http://127.0.0.1:${port}/x`],
    ["not-https", (port) => `http://localhost:${port}/x`],
    ["not-https", () => "file:///etc/passwd"],
    ["bad-url", (port) => `https://user:secret@127.0.0.1:${port}/x`],
    ["bad-url", () => "no url"],
    ["blocked-address", (port) => `https://127.0.0.1:${port}/x`],
    ["blocked-address", (port) => `https://2130706433:${port}/x`],
    ["blocked-address", (port) => `https://0x7f.1:${port}/x`],
    ["blocked-address", (port) => `https://[::1]:${port}/x`],
    ["blocked-address", (port) => `https://[::ffff:127.0.0.1]:${port}/x`],
    ["blocked-address", (port) => `https://localhost:${port}/x`],
  ];

  it.each(FORBIDDEN)("is refused as %s before a connection is opened (%s)", async (reason, url) => {
    const before = server.connections();
    const work = fetchIssuerDocument(url(server.port), [], { httpsPort: server.port });
    expect(await reasonOf(work)).toBe(reason);
    expect(server.connections()).toBe(before);
  });

  it("is refused on another port than 443", async () => {
    expect(await reasonOf(fetchIssuerDocument(`https://127.0.0.1:${server.port}/x`, []))).toBe("bad-port");
  });

  it("is refused when one of several answers of the name server is private", async () => {
    const before = server.connections();
    const resolveHost = async (): Promise<readonly ResolvedAddress[]> => [
      { address: "8.8.8.8", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ];
    const work = fetchIssuerDocument(`https://rebind.example:${server.port}/x`, [], {
      resolveHost,
      httpsPort: server.port,
    });
    expect(await reasonOf(work)).toBe("blocked-address");
    expect(server.connections()).toBe(before);
  });

  it("is not excepted by an origin that differs in host, port or scheme", async () => {
    const near = [`http://localhost:${server.port}`, "http://127.0.0.1", `https://127.0.0.1:${server.port}`];
    const before = server.connections();
    expect(await reasonOf(fetchIssuerDocument(`${server.origin}/x`, near))).toBe("not-https");
    expect(server.connections()).toBe(before);
  });
});

describe("an excepted origin", () => {
  it("is dialled at the address that was looked up, once", async () => {
    server.answers.set("/ok", (_request, response) =>
      sendJson(response, { ok: true }, { "cache-control": "max-age=60" }),
    );
    const asked: string[] = [];
    const origin = `http://rebind.example:${server.port}`;
    const document = await fetchIssuerDocument(`${origin}/ok`, [origin], {
      resolveHost: async (hostname) => {
        asked.push(hostname);
        return [{ address: asked.length === 1 ? "127.0.0.1" : "192.0.2.1", family: 4 }];
      },
    });
    expect(document).toEqual({ value: { ok: true }, cacheControl: "max-age=60" });
    expect(asked).toEqual(["rebind.example"]);
  });

  it("is not followed to another place", async () => {
    server.answers.set("/away", (_request, response) => {
      response.writeHead(302, { location: `${server.origin}/ok` }).end();
    });
    const before = server.requests.length;
    expect(await reasonOf(fetchAllowed("/away"))).toBe("redirect");
    expect(server.requests.slice(before)).toEqual(["/away"]);
  });

  it("is cut off at 64 KiB, however much it sends", async () => {
    server.answers.set("/endless", (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const pour = (): void => {
        while (!response.destroyed && response.write(" ".repeat(65_536)));
        if (!response.destroyed) response.once("drain", pour);
      };
      pour();
    });
    expect(await reasonOf(fetchAllowed("/endless"))).toBe("too-large");
  });

  it("is given up on when it never answers", async () => {
    server.answers.set("/silent", () => {});
    expect(await reasonOf(fetchAllowed("/silent"))).toBe("timeout");
  });

  it.each([
    ["bad-content-type", { "content-type": "text/html" }, "{}"],
    ["bad-content-type", {}, "{}"],
    ["bad-content-type", { "content-type": "application/json", "content-encoding": "gzip" }, "{}"],
    ["bad-json", { "content-type": "application/json" }, "{"],
    ["bad-json", { "content-type": "application/json" }, '{"issuer":"a","issuer":"b"}'],
  ])("is refused as %s with the headers %j and the body %s", async (reason, headers, body) => {
    server.answers.set("/odd", (_request, response) => {
      response.writeHead(200, headers).end(body);
    });
    expect(await reasonOf(fetchAllowed("/odd"))).toBe(reason);
  });

  it("is refused with a status other than 200", async () => {
    expect(await reasonOf(fetchAllowed("/missing"))).toBe("bad-status");
  });
});
