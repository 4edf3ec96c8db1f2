import { expect, it } from "vitest";
import { LocalServer } from "../../testing/local-server.ts";
import { curlFetch } from "./curl-fetch.ts";

async function printed(debug: string, input: (origin: string) => string | URL | Request, init?: RequestInit) {
  await using server = await LocalServer.start(() => ({ body: "ok" }));
  const lines: string[] = [];
  const fetchWithCurl = curlFetch({
    environment: { HF_DEBUG: debug },
    fetch,
    writeDiagnostic: (line) => lines.push(line),
  });
  const response = await fetchWithCurl(input(server.origin), init);
  expect(await response.text()).toBe("ok");
  return { lines: lines.map((line) => line.replaceAll(server.origin, "ORIGIN")), received: server.received };
}

it("prints nothing while the switch is off", async () => {
  expect((await printed("0", (origin) => `${origin}/a`)).lines).toEqual([]);
});

it("prints a call with a URL object and leaves the request as it was", async () => {
  const { lines, received } = await printed("1", (origin) => new URL("/a", origin), {
    method: "PUT",
    headers: { authorization: "Bearer hf_secret_token" },
    body: new Blob(["12345"]),
  });
  expect(lines).toEqual([`curl -X PUT -H 'authorization: <TOKEN>' --data-raw '<5 bytes>' 'ORIGIN/a'`]);
  expect(received[0]?.headers.authorization).toBe("Bearer hf_secret_token");
  expect(received[0]?.body).toBe("12345");
});

it("prints a call with a Request without taking its body", async () => {
  const { lines, received } = await printed(
    "TRUE",
    (origin) => new Request(`${origin}/b`, { method: "POST", body: "x=1" }),
  );
  expect(lines[0]).toMatch(/^curl -X POST .*--data-raw '<stream>' 'ORIGIN\/b'$/);
  expect(received[0]?.body).toBe("x=1");
});
