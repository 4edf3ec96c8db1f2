import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { answerLater, answerText } from "../http/answer.ts";
import type { SimulatedIssuer } from "../issuer/simulated-issuer.ts";
import type { JobAnswer, JobRequest } from "../providers/simulated-provider.ts";

const LARGEST_BODY = 64 * 1024;

/** Serves one job on a free loopback port; `mint-500` and `slow-mint` break it as they break GitHub's endpoint. */
export async function openJobEndpoint(
  issuer: SimulatedIssuer,
  answer: (request: JobRequest) => Promise<JobAnswer>,
): Promise<{ readonly origin: string; readonly close: () => void }> {
  const server = createServer(async (request, response) => {
    try {
      const delayMs = issuer.faults.reduce((sum, fault) => (fault.kind === "slow-mint" ? sum + fault.delayMs : sum), 0);
      if (delayMs > 0 && !(await answerLater(response, delayMs))) return;
      if (issuer.faults.some(({ kind }) => kind === "mint-500"))
        return answerText(response, 500, "text/plain", "Internal Server Error");
      const { status, headers = {}, body } = await answer(await read(request));
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
    } catch {
      // Only a defect of the simulator itself, or an oversized body, comes here; hanging up looks like no provider's answer.
      response.destroy();
    }
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function read(request: IncomingMessage): Promise<JobRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LARGEST_BODY) throw new RangeError("the body is too large");
    chunks.push(bytes);
  }
  return {
    method: request.method ?? "",
    url: new URL(request.url ?? "/", "http://job.invalid"),
    headers: single(request.headers),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function single(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );
}
