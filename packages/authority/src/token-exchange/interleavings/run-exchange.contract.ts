import { strict as assert } from "node:assert";
import { OAuthError } from "@postern/core/error/oauth-error";
import type { AuditEntry } from "../../audit/audit-entry.ts";
import { exchangeFields } from "../exchange-stage.contract.ts";
import type { ModelPublisher } from "./exchange-model.contract.ts";
import type { ExchangeStep } from "./exchange-step.contract.ts";
import { lookAtToken } from "./run-grant.contract.ts";
import { changeRunPublisher } from "./run-publisher.contract.ts";
import { newRunToken } from "./run-token.contract.ts";
import { pick, type RunToken, type RunWorld } from "./run-world.contract.ts";

type ExchangeAnswer =
  | { readonly kind: "granted"; readonly text: string; readonly lifeSeconds: unknown }
  | { readonly kind: "refused"; readonly code: string };

/** @param same - The one text of all copies; without it each has a signature of its own. */
export async function exchangeCopies(
  world: RunWorld,
  token: RunToken,
  { target, copies }: { readonly target: number; readonly copies: number },
  same?: string,
): Promise<void> {
  const asked = Array.from({ length: copies }, () => ({
    requestId: world.authority.newId(),
    text: same ?? token.sign(),
  }));
  const answers = new Map<string, ExchangeAnswer>();
  await Promise.all(
    asked.map(async ({ requestId, text }) => answers.set(requestId, await ask(world, requestId, text, target))),
  );
  // Whatever came at once must come to the same as one after the other, in the order of the log.
  for (const entry of await world.audit.take(copies)) {
    const answer = answers.get(entry.request_id);
    assert.ok(answer !== undefined, "an exchange has more than one entry");
    answers.delete(entry.request_id);
    const verdict = world.model.judge(token.model, target, world.now);
    world.count(verdict.kind === "granted" ? `granted at ${target}` : verdict.code);
    if (verdict.kind === "refused") {
      assert.equal(answer.kind === "refused" ? reasonOf(answer.code) : "granted", verdict.code);
      assert.equal(entry.outcome, "denied");
    } else await accept(world, answer, entry, token, verdict.publisher);
  }
}

/** Either order is right, and an exchange that lost its publisher on the way is refused as such. */
export async function raceExchange(world: RunWorld, step: Extract<ExchangeStep, { kind: "race" }>): Promise<void> {
  const publisher = pick(world.model.publishers, step.publisher);
  if (publisher === undefined) return;
  const { issuer, target, ref = "main" } = publisher;
  const token = newRunToken(world, { issuer, ref, jti: "own", key: "newest", life: 300, age: 0, isForUs: true });
  const before = world.model.judge(token.model, target, world.now);
  const requestId = world.authority.newId();
  const [answer, change] = await Promise.all([
    ask(world, requestId, token.sign(), target),
    changeRunPublisher(world, publisher, step.change),
  ]);
  const entry = (await world.audit.take(2)).find(({ request_id }) => request_id === requestId);
  assert.ok(entry !== undefined, "an exchange has no entry");
  const granted: unknown = JSON.parse(entry.detail).publisher_id;
  world.count(`race ${answer.kind === "granted" ? answer.kind : reasonOf(answer.code)}`);
  if (before.kind === "granted" && answer.kind === "granted" && granted === before.publisher.id) {
    await accept(world, answer, entry, token, before.publisher);
    change();
    return;
  }
  change();
  if (answer.kind === "refused" && answer.code === "TP1904") {
    assert.equal(before.kind === "granted" ? before.publisher : undefined, publisher);
    return;
  }
  const after = world.model.judge(token.model, target, world.now);
  if (after.kind === "granted") await accept(world, answer, entry, token, after.publisher);
  else assert.equal(answer.kind === "refused" ? reasonOf(answer.code) : "granted", after.code);
}

async function ask(world: RunWorld, requestId: string, text: string, target: number): Promise<ExchangeAnswer> {
  const fields = exchangeFields(text, world.resourceNames[target] ?? "");
  try {
    const json = await world.authority.parts.exchange.handle({
      parameters: new Map(Object.entries(fields)),
      authorization: undefined,
      unverifiedProof: undefined,
      origin: { requestId, sourceAddress: "192.0.2.7" },
    });
    return { kind: "granted", text: String(json.access_token), lifeSeconds: json.expires_in };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return { kind: "refused", code: error.exchangeCode ?? error.code };
  }
}

/** The answer is the grant that the model makes, and the log says so. */
async function accept(
  world: RunWorld,
  answer: ExchangeAnswer,
  entry: AuditEntry,
  token: RunToken,
  publisher: ModelPublisher,
): Promise<void> {
  assert.equal(answer.kind === "refused" ? answer.code : "granted", "granted");
  if (answer.kind === "refused") return;
  const { access, ttlSeconds, id } = publisher;
  const detail: Readonly<Record<string, unknown>> = JSON.parse(entry.detail);
  assert.deepEqual(
    [entry.event, entry.outcome, detail.publisher_id, detail.access, answer.lifeSeconds],
    ["token.exchange", "allowed", id, access, ttlSeconds],
  );
  assert.equal(typeof detail.jti, "string");
  const model = world.model.grant(token.model, publisher, world.now);
  const grant = { model, text: answer.text, tokenId: String(detail.jti) };
  world.grants.push(grant);
  await lookAtToken(world, grant);
}

/** How a missing match is explained depends on what the token proved; that is other tests' business. */
function reasonOf(code: string): string {
  return /^TP1[78]/.test(code) ? "no publisher" : code;
}
