import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningHub, startHub } from "../../harness/running-hub.ts";
import { HUB_ENDPOINTS, type HubEndpoint, sampleAddresses } from "./hub-endpoints.ts";

let hub: RunningHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(async () => hub?.[Symbol.asyncDispose]());

/** Does a route answer, be it with a refusal? Everything is asked about things that do not exist. */
async function isAnswered(method: string, address: string): Promise<boolean> {
  const answer = await hub.call(method, address);
  return answer.status !== 404 || !answer.headers.get("x-error-message")?.startsWith("There is nothing at");
}

async function statusOf(endpoint: HubEndpoint): Promise<"yes" | "no" | "in part"> {
  const asked = endpoint.methods.flatMap((method) => sampleAddresses(endpoint).map((at) => [method, at] as const));
  const answers = await Promise.all(asked.map(([method, at]) => isAnswered(method, at)));
  if (answers.every((answered) => answered)) return "yes";
  return answers.some((answered) => answered) ? "in part" : "no";
}

const HEAD = `# Which of the Hub's endpoints are answered

Made by a test that asks a running hub (\`npx vitest run test/clients/endpoints --update\` brings it up to date); what every client may do with
them on which repo with which token is printed by \`npm run clients\`, which runs the clients themselves. \`{types}\` stands for \`models\`, \`datasets\`, \`spaces\` and \`kernels\`, \`{prefix}\` for nothing,
\`datasets/\`, \`spaces/\` and \`kernels/\`. "Asked by" was seen on the wire or read in the client's source. What differs in an answer: [the Hub's API on Postern](hub-api.md).
Postern's own API is in [the management API](management-api.md).
`;

it("the table of endpoints is up to date, and says why where one is not answered", async () => {
  const lines: string[] = [HEAD];
  const unexplained: string[] = [];
  for (const area of new Set(HUB_ENDPOINTS.map((endpoint) => endpoint.area))) {
    lines.push(`## ${area}\n`, "| Endpoint | Answered | Asked by | Note |", "|---|---|---|---|");
    for (const endpoint of HUB_ENDPOINTS.filter((one) => one.area === area)) {
      const status = await statusOf(endpoint);
      const name = `${endpoint.methods.join(", ")} ${endpoint.path}`;
      if (status !== "yes" && endpoint.note === undefined) unexplained.push(`${name}: ${status}`);
      const callers = endpoint.callers.map((caller) => `\`${caller}\``.replace("`browser`", "browsers")).join(", ");
      lines.push(
        `| \`${name}\` | ${status === "yes" ? "yes" : `**${status}**`} | ${callers} | ${endpoint.note ?? ""} |`,
      );
    }
    lines.push("");
  }
  expect(unexplained).toEqual([]);
  await expect(lines.join("\n")).toMatchFileSnapshot("../../../docs/reference/endpoints.md");
});
