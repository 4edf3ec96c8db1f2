import type { IncomingMessage, ServerResponse } from "node:http";
import { parseClaimOverrides } from "../claim/parse-claim-override.ts";
import { type Fault, isTokenFault } from "../fault/fault.ts";
import { FAULTS, formatFault, parseFault } from "../fault/parse-fault.ts";
import type { SimulatedIssuer } from "../issuer/simulated-issuer.ts";
import { answerJson } from "./answer.ts";
import type { RequestLog } from "./request-log.ts";

const LARGEST_BODY = 64 * 1024;

/** For people who use `postern simulate --serve`: `/{provider}/control/{faults,keys,token,requests}`. */
export async function answerControl(
  issuer: SimulatedIssuer,
  action: string,
  url: URL,
  log: RequestLog,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A web page open on this machine can reach a loopback port; it may neither mint here nor break things.
  if (request.headers.origin !== undefined || request.headers.host !== new URL(issuer.url).host)
    return answerJson(response, 403, { error: "The control endpoint is not for web pages." });

  switch (`${request.method ?? ""} ${action}`) {
    case "GET faults":
      return answerJson(response, 200, { faults: issuer.faults.map(formatFault), known: FAULTS });
    case "PUT faults":
      return putFaults(issuer, request, response);
    case "POST keys":
      await issuer.keys.rotate(url.searchParams.get("keep_old") === "true");
      return answerJson(response, 200, { keys: await issuer.keys.published() });
    case "GET token":
      return answerToken(issuer, url, response);
    case "GET requests":
      return answerJson(response, 200, { requests: log.entries });
    default:
      return answerJson(response, 404, { error: `No control action ${request.method ?? ""} ${action}.` });
  }
}

/** `?audience=…&claim=repository=acme/other&fault=expired`, each of them repeatable. */
async function answerToken(issuer: SimulatedIssuer, url: URL, response: ServerResponse): Promise<void> {
  const faults = parseFaults(url.searchParams.getAll("fault"));
  if (faults.kind === "malformed") return answerJson(response, 400, { error: faults.reason });
  try {
    const claims = parseClaimOverrides(url.searchParams.getAll("claim"));
    const audience = url.searchParams.getAll("audience");
    const value = await issuer.issue({ audience, claims, faults: faults.faults.filter(isTokenFault) });
    answerJson(response, 200, { value });
  } catch (cause) {
    if (cause instanceof RangeError) return answerJson(response, 400, { error: cause.message });
    throw cause;
  }
}

async function putFaults(issuer: SimulatedIssuer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const texts = faultTexts(await readBody(request));
  if (texts === undefined)
    return answerJson(response, 400, { error: 'Send JSON such as {"faults":["expired","slow-jwks:5000"]}.' });
  const parsed = parseFaults(texts);
  if (parsed.kind === "malformed") return answerJson(response, 400, { error: parsed.reason });
  await issuer.setFaults(parsed.faults);
  answerJson(response, 200, { faults: issuer.faults.map(formatFault) });
}

function parseFaults(
  texts: readonly string[],
):
  | { readonly kind: "faults"; readonly faults: readonly Fault[] }
  | { readonly kind: "malformed"; readonly reason: string } {
  const unknown = texts.find((text) => parseFault(text) === undefined);
  if (unknown !== undefined) {
    const known = FAULTS.map((fault) => fault.syntax).join(", ");
    return { kind: "malformed", reason: `"${unknown}" is no fault. Known: ${known}.` };
  }
  return { kind: "faults", faults: texts.flatMap((text) => parseFault(text) ?? []) };
}

function faultTexts(body: string | undefined): readonly string[] | undefined {
  if (body === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || !("faults" in parsed)) return undefined;
    const { faults } = parsed;
    if (!Array.isArray(faults)) return undefined;
    const texts = faults.filter((fault) => typeof fault === "string");
    return texts.length === faults.length ? texts : undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` when the body is larger than any list of faults. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LARGEST_BODY) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
