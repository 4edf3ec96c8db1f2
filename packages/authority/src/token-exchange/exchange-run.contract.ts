import { strict as assert } from "node:assert";
import { createPublicKey, type KeyObject } from "node:crypto";
import { ApiError } from "@postern/core/error/api-error";
import { HubError } from "@postern/core/error/hub-error";
import { OAuthError } from "@postern/core/error/oauth-error";
import { parseResource, type Resource } from "@postern/core/resource/resource";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { compactVerify, decodeProtectedHeader } from "jose";
import { type AuditEntry, type AuditHead, EMPTY_HEAD } from "../audit/audit-entry.ts";
import { verifyChain } from "../audit/verify-chain.ts";
import { addIssuer, replaceIssuerKeys } from "../issuers/manage-issuers.ts";
import { switchIssuer } from "../issuers/switch-issuer.ts";
import { addPublisher } from "../publishers/add-publisher.ts";
import { removePublisher, setPublisherEnabled } from "../publishers/change-publisher.ts";
import { revokePublisherTokens } from "../publishers/revoke-publisher-tokens.ts";
import { setSwitch } from "../switches/manage-switches.ts";
import { revokeToken } from "../tokens/revoke-token.ts";
import { rotateKeys, rotateKeysWhenDue } from "../tokens/rotate-keys.ts";
import { ExchangeModel, type ModelGrant, type ModelPublisher, type ModelToken } from "./exchange-model.contract.ts";
import { AUDIENCE, exchangeFields } from "./exchange-stage.contract.ts";
import type { ExchangeStep, PublisherChange } from "./exchange-step.contract.ts";
import {
  DISCOVERY_PATH,
  ecKey,
  type IssuerKeyPair,
  type LocalIssuer,
  publicJwk,
  rsaKey,
  sendJson,
  signToken,
} from "./local-issuer.contract.ts";
import type { RestartableAuthority } from "./restartable-authority.contract.ts";

/** How far the clock may be set back: the margin for which a spent token is remembered past its last use. Seconds. */
const LONGEST_STEP_BACK = 60;
const PROVIDERS = ["custom", "gitlab"] as const;
const EC_KEYS: readonly IssuerKeyPair[] = [ecKey("", "P-256"), ecKey("", "P-256"), ecKey("", "P-256")];
const RSA_KEYS: readonly IssuerKeyPair[] = [rsaKey(""), rsaKey(""), rsaKey("")];
/** Our own public keys, imported once. */
const OWN_KEYS = new Map<string, KeyObject>();
const STRANGERS = { custom: ecKey("", "P-256"), gitlab: rsaKey("") } as const;

interface RunIssuer {
  readonly id: string;
  readonly url: string;
  readonly provider: (typeof PROVIDERS)[number];
  /** All that it ever had, oldest first. */
  readonly keys: IssuerKeyPair[];
  lastJti: string;
}

interface RunToken {
  readonly model: ModelToken;
  sign(): string;
}

interface RunGrant {
  readonly model: ModelGrant;
  readonly text: string;
  readonly tokenId: string;
}

type ExchangeAnswer =
  | { readonly kind: "granted"; readonly text: string; readonly lifeSeconds: unknown }
  | { readonly kind: "refused"; readonly code: string };

let serial = 0;

/**
 * One run of the stateful test: does each step to the authority and to the model, and fails where they differ. What a run makes is its
 * own, so that many runs share one database; clock, switch and signing keys go on from run to run.
 */
export class ExchangeRun {
  readonly #authority: RestartableAuthority;
  readonly #http: LocalIssuer | undefined;
  readonly #seen: Map<string, number>;
  readonly #model: ExchangeModel;
  readonly #name: string;
  readonly #resources: readonly string[];
  readonly #issuers: RunIssuer[] = [];
  readonly #tokens: RunToken[] = [];
  readonly #grants: RunGrant[] = [];
  readonly #entries: AuditEntry[] = [];
  #begin: AuditHead = EMPTY_HEAD;
  #latest = 0;

  /** @param http - Where issuers show their keys; without it keys are uploaded. @param seen - Counts what came about. */
  constructor(authority: RestartableAuthority, http: LocalIssuer | undefined, seen: Map<string, number>) {
    serial += 1;
    this.#authority = authority;
    this.#http = http;
    this.#seen = seen;
    this.#model = new ExchangeModel(http !== undefined);
    this.#name = `run-${serial}`;
    this.#resources = [`acme/${this.#name}-a`, `acme/${this.#name}-b`, "root", `acme/${this.#name}-missing`];
  }

  async perform(steps: readonly ExchangeStep[]): Promise<void> {
    this.#authority.setRepos(this.#resources.slice(0, 2));
    if (this.#authority.parts.switches.whyOff("exchange") !== undefined) await this.#setSwitch(true);
    this.#begin = await this.#authority.parts.audit.head();
    this.#latest = this.#now;
    await Promise.all(PROVIDERS.map((provider, index) => this.#addIssuer(provider, index)));
    await this.#takeEntries(2);
    for (const step of steps) await this.#do(step);
    await this.#lookAtEveryToken();
    await this.#verifyAudit();
  }

  get #now(): number {
    return this.#authority.clock.time;
  }

  async #do(step: ExchangeStep): Promise<void> {
    this.#count(step.kind);
    switch (step.kind) {
      case "exchange": {
        const token = this.#newToken(step);
        return this.#exchange(token, step.target, step.copies, token.sign());
      }
      case "replay": {
        const token = pick(this.#tokens, step.token);
        if (token === undefined) return;
        const text = token.sign();
        return this.#exchange(token, step.target, step.copies, step.isResigned ? undefined : text);
      }
      case "add-publisher":
        return this.#addPublisher(step);
      case "change-publisher": {
        const publisher = pick(this.#model.publishers, step.publisher);
        if (publisher === undefined) return;
        const change = await this.#changePublisher(publisher, step.change);
        change();
        await this.#takeEntries(1);
        return;
      }
      case "race":
        return this.#race(step);
      case "revoke-token":
        return this.#revokeToken(pick(this.#grants, step.grant));
      case "switch-issuer":
        await switchIssuer(
          this.#issuer(step.issuer).id,
          { enabled: step.isOn },
          this.#authority.caller(),
          this.#authority.parts,
        );
        this.#modelIssuer(step.issuer).enabled = step.isOn;
        await this.#takeEntries(1);
        return;
      case "switch-exchange":
        await this.#setSwitch(step.isOn);
        this.#model.isExchangeOff = !step.isOn;
        await this.#takeEntries(1);
        return;
      case "rotate-issuer":
        return this.#rotateIssuer(step.issuer, step.keepsOld);
      case "rotate-own":
        return this.#rotateOwn();
      case "step-clock": {
        const time = Math.max(this.#now + step.seconds, this.#latest - LONGEST_STEP_BACK);
        this.#authority.clock.time = epochSeconds(time);
        this.#latest = Math.max(this.#latest, time);
        return;
      }
      case "sweep": {
        const { parts, clock } = this.#authority;
        await parts.sweeper.sweep();
        this.#model.sweep(this.#now);
        await rotateKeysWhenDue(undefined, { keyRing: parts.keyRing, clock });
        await this.#takeEntries();
        return;
      }
      case "restart":
        await this.#authority.restart();
        this.#model.restart();
        return this.#lookAtEveryToken();
    }
  }

  /** @param same - The one text of all copies; without it each has a signature of its own. */
  async #exchange(token: RunToken, target: number, copies: number, same?: string): Promise<void> {
    const asked = Array.from({ length: copies }, () => ({
      requestId: this.#authority.newId(),
      text: same ?? token.sign(),
    }));
    const answers = new Map<string, ExchangeAnswer>();
    await Promise.all(
      asked.map(async ({ requestId, text }) => answers.set(requestId, await this.#ask(requestId, text, target))),
    );
    // Whatever came at once must come to the same as one after the other, in the order of the log.
    for (const entry of await this.#takeEntries(copies)) {
      const answer = answers.get(entry.request_id);
      assert.ok(answer !== undefined, "an exchange has more than one entry");
      answers.delete(entry.request_id);
      const verdict = this.#model.judge(token.model, target, this.#now);
      this.#count(verdict.kind === "granted" ? `granted at ${target}` : verdict.code);
      if (verdict.kind === "refused") {
        assert.equal(answer.kind === "refused" ? reasonOf(answer.code) : "granted", verdict.code);
        assert.equal(entry.outcome, "denied");
      } else await this.#accept(answer, entry, token, verdict.publisher);
    }
  }

  async #ask(requestId: string, text: string, target: number): Promise<ExchangeAnswer> {
    const fields = exchangeFields(text, this.#resources[target] ?? "");
    try {
      const json = await this.#authority.parts.exchange.handle({
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
  async #accept(answer: ExchangeAnswer, entry: AuditEntry, token: RunToken, publisher: ModelPublisher): Promise<void> {
    assert.equal(answer.kind === "refused" ? answer.code : "granted", "granted");
    if (answer.kind === "refused") return;
    const { access, ttlSeconds, id } = publisher;
    const detail: Readonly<Record<string, unknown>> = JSON.parse(entry.detail);
    assert.deepEqual(
      [entry.event, entry.outcome, detail.publisher_id, detail.access, answer.lifeSeconds],
      ["token.exchange", "allowed", id, access, ttlSeconds],
    );
    assert.equal(typeof detail.jti, "string");
    const model = this.#model.grant(token.model, publisher, this.#now);
    const grant = { model, text: answer.text, tokenId: String(detail.jti) };
    this.#grants.push(grant);
    await this.#look(grant);
  }

  async #addPublisher(step: Extract<ExchangeStep, { kind: "add-publisher" }>): Promise<void> {
    const { issuer, target, ref, ttlSeconds } = step;
    const { provider, url } = this.#issuer(issuer);
    const access = target === 2 ? "read" : step.access;
    const claims = {
      ...(provider === "custom" ? { sub: "robot" } : { project_id: "20" }),
      ...(ref === undefined ? {} : { [provider === "custom" ? "ref" : "branch"]: ref }),
    };
    const { parts, clock } = this.#authority;
    const wanted = { issuer, target, ref, access, ttlSeconds, createdAt: this.#now } as const;
    const expected = !this.#modelIssuer(issuer).enabled
      ? "invalid_field"
      : this.#model.hasSuchPublisher(wanted)
        ? "already_exists"
        : "added";
    let outcome = "added";
    try {
      const { publisher } = await addPublisher(
        this.#resource(target),
        { provider, issuer: url, claims, access, ttl_seconds: ttlSeconds },
        this.#authority.caller(),
        { ...parts, clock, newId: () => this.#authority.newId(), newRepoId: () => this.#authority.newId() },
      );
      this.#model.publishers.push({ ...wanted, id: publisher.id, enabled: true });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      outcome = error.code;
    }
    assert.equal(outcome, expected);
    await this.#takeEntries(expected === "added" ? 1 : 0);
  }

  /** @returns what makes the same change to the model. */
  async #changePublisher(publisher: ModelPublisher, change: PublisherChange): Promise<() => void> {
    const { id, target } = publisher;
    const { parts } = this.#authority;
    const caller = this.#authority.caller();
    switch (change) {
      case "remove":
        await removePublisher(this.#resource(target), id, caller, parts);
        return () => this.#model.removePublisher(publisher);
      case "revoke-tokens":
        await revokePublisherTokens(this.#resource(target), id, caller, parts);
        return () => this.#model.revokeTokensOf(publisher);
      case "enable":
      case "disable":
        await setPublisherEnabled(this.#resource(target), id, { enabled: change === "enable" }, caller, parts);
        return () => {
          publisher.enabled = change === "enable";
        };
    }
  }

  /** Either order is right, and an exchange that lost its publisher on the way is refused as such. */
  async #race(step: Extract<ExchangeStep, { kind: "race" }>): Promise<void> {
    const publisher = pick(this.#model.publishers, step.publisher);
    if (publisher === undefined) return;
    const { issuer, target, ref = "main" } = publisher;
    const token = this.#newToken({ issuer, ref, jti: "own", key: "newest", life: 300, age: 0, isForUs: true });
    const before = this.#model.judge(token.model, target, this.#now);
    const requestId = this.#authority.newId();
    const [answer, change] = await Promise.all([
      this.#ask(requestId, token.sign(), target),
      this.#changePublisher(publisher, step.change),
    ]);
    const entry = (await this.#takeEntries(2)).find(({ request_id }) => request_id === requestId);
    assert.ok(entry !== undefined, "an exchange has no entry");
    const granted: unknown = JSON.parse(entry.detail).publisher_id;
    this.#count(`race ${answer.kind === "granted" ? answer.kind : reasonOf(answer.code)}`);
    if (before.kind === "granted" && answer.kind === "granted" && granted === before.publisher.id) {
      await this.#accept(answer, entry, token, before.publisher);
      change();
      return;
    }
    change();
    if (answer.kind === "refused" && answer.code === "TP1904") {
      assert.equal(before.kind === "granted" ? before.publisher : undefined, publisher);
      return;
    }
    const after = this.#model.judge(token.model, target, this.#now);
    if (after.kind === "granted") await this.#accept(answer, entry, token, after.publisher);
    else assert.equal(answer.kind === "refused" ? reasonOf(answer.code) : "granted", after.code);
  }

  async #revokeToken(grant: RunGrant | undefined): Promise<void> {
    if (grant === undefined) return;
    const { parts, clock } = this.#authority;
    const wasLive = this.#model.isLive(grant.model, this.#now);
    const request = { requestId: this.#authority.newId(), sourceAddress: undefined, via: "oauth" } as const;
    await revokeToken(grant.text, request, { tokens: parts.tokens, clock });
    if (wasLive) grant.model.isRevoked = true;
    await this.#takeEntries(wasLive ? 1 : 0);
    await this.#look(grant);
  }

  async #rotateIssuer(index: number, keepsOld: boolean): Promise<void> {
    const issuer = this.#issuer(index);
    const old = issuer.keys.at(-1);
    const next = newKey(issuer.provider);
    issuer.keys.push(next);
    const shown = keepsOld && old !== undefined ? [next, old] : [next];
    this.#modelIssuer(index).published = shown.map(({ kid }) => kid);
    if (this.#http !== undefined) return show(this.#http, issuer.url, shown);
    const body = { jwks: { keys: shown.map(publicJwk) } };
    await replaceIssuerKeys(issuer.id, body, this.#authority.caller(), this.#authority.parts);
    await this.#takeEntries(1);
  }

  async #rotateOwn(): Promise<void> {
    const { parts, clock } = this.#authority;
    const [newest] = parts.keyRing.keys;
    const isDue = newest?.kid === parts.keyRing.current.kid;
    let outcome = "rotated";
    try {
      await rotateKeys(this.#authority.caller(), { keyRing: parts.keyRing, clock });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      outcome = error.code;
    }
    assert.equal(outcome, isDue ? "rotated" : "conflict");
    await this.#takeEntries(isDue ? 1 : 0);
  }

  async #setSwitch(on: boolean): Promise<void> {
    const { parts, clock } = this.#authority;
    await setSwitch("exchange", { on }, this.#authority.caller(), { ...parts, clock });
  }

  async #addIssuer(provider: RunIssuer["provider"], index: number): Promise<void> {
    const key = newKey(provider);
    const url =
      this.#http === undefined
        ? `https://${this.#name}-${provider}.example`
        : `${this.#http.origin}/${this.#name}-${provider}`;
    if (this.#http !== undefined) show(this.#http, url, [key]);
    const { parts } = this.#authority;
    const body = { provider, url, ...(this.#http === undefined ? { jwks: { keys: [publicJwk(key)] } } : {}) };
    const { id } = await addIssuer(body, this.#authority.caller(), {
      ...parts,
      configuredOrigins: parts.allowedOrigins,
      newId: () => this.#authority.newId(),
    });
    this.#issuers[index] = { id, url, provider, keys: [key], lastJti: "" };
    this.#model.issuers[index] = { enabled: true, published: [key.kid] };
  }

  #newToken(step: Omit<Extract<ExchangeStep, { kind: "exchange" }>, "kind" | "target" | "copies">): RunToken {
    const issuer = this.#issuer(step.issuer);
    const { provider, keys } = issuer;
    const newest = keys.at(-1);
    assert.ok(newest !== undefined);
    const key = step.key === "previous" ? (keys.at(-2) ?? newest) : newest;
    const signer = step.key === "forged" ? { ...STRANGERS[provider], kid: key.kid } : key;
    serial += 1;
    const jti =
      step.jti === "own" || (step.jti === "again" && issuer.lastJti === "") ? `jti-${serial}` : issuer.lastJti;
    if (step.jti !== "none") issuer.lastJti = jti;
    const issuedAt = this.#now - step.age;
    const claims = {
      iss: issuer.url,
      aud: step.isForUs ? AUDIENCE : "https://other.example",
      iat: issuedAt,
      exp: issuedAt + step.life,
      serial,
      ...(step.jti === "none" ? {} : { jti }),
      ...claimsOf(provider, step.ref),
    };
    const header = { alg: provider === "custom" ? "ES256" : "RS256", typ: "JWT", kid: key.kid };
    const token: RunToken = {
      model: {
        issuer: step.issuer,
        replayKey: step.jti === "none" ? `serial ${serial}` : jti,
        reuse: provider === "custom" && step.jti !== "none" ? "single" : "bounded",
        kid: key.kid,
        isForged: step.key === "forged",
        ref: step.ref,
        issuedAt,
        expiresAt: claims.exp,
        maxAge: provider === "custom" ? 3600 : 86_400,
        isForUs: step.isForUs,
      },
      sign: () => signToken(signer, claims, header),
    };
    this.#tokens.push(token);
    return token;
  }

  async #lookAtEveryToken(): Promise<void> {
    for (const grant of this.#grants) await this.#look(grant);
  }

  /** A token is good exactly as long as the model says, and reaches exactly what its publisher may. */
  async #look({ model, text, tokenId }: RunGrant): Promise<void> {
    const { gatekeeper, keyRing } = this.#authority.parts;
    const isLive = this.#model.isLive(model, this.#now);
    this.#count(isLive ? "live token" : "dead token");
    try {
      const principal = await gatekeeper.identify(`Bearer ${text}`);
      assert.ok(isLive, "a token is accepted that the model calls dead");
      const { target, access } = model.publisher;
      const resource = this.#resource(target);
      if (principal.kind === "user-workload") {
        assert.deepEqual([resource.kind, principal.name], ["user", "root"]);
        return;
      }
      assert.ok(principal.kind === "repo-workload" && resource.kind === "repo");
      assert.deepEqual(
        [principal.tokenId, principal.repo, principal.access, principal.expiresAt],
        [tokenId, resource.repo, access, model.expiresAt],
      );
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      assert.ok(!isLive, "a token is refused that the model calls live");
      return;
    }
    const jwt = text.slice("hf_jwt_".length);
    const published = keyRing.jwks.keys.find(({ kid }) => kid === decodeProtectedHeader(jwt).kid);
    assert.ok(published !== undefined, "a live token's key is not published");
    this.#count(published.kid === keyRing.current.kid ? "signed by the current key" : "signed by an older key");
    const known = OWN_KEYS.get(published.x) ?? createPublicKey({ key: { ...published }, format: "jwk" });
    OWN_KEYS.set(published.x, known);
    await compactVerify(jwt, known);
  }

  /** The entries since the last call. */
  async #takeEntries(expected?: number): Promise<readonly AuditEntry[]> {
    const seq = this.#entries.at(-1)?.seq ?? this.#begin.seq;
    const entries = await this.#authority.parts.audit.entriesAfter(seq, 1000);
    if (expected !== undefined) assert.equal(entries.length, expected, "other audit entries than what was done");
    this.#entries.push(...entries);
    return entries;
  }

  async #verifyAudit(): Promise<void> {
    assert.equal((await this.#takeEntries(0)).length, 0);
    const { audit, database } = this.#authority.parts;
    const verdict = verifyChain(this.#entries, { after: this.#begin, knownHead: await audit.head() });
    assert.equal(verdict.kind, "intact");
    const written = this.#entries.filter(({ event, outcome }) => event === "token.exchange" && outcome === "allowed");
    const ids = written.map(({ detail }) => String(JSON.parse(detail).jti));
    assert.deepEqual(
      ids.toSorted(),
      this.#grants.map(({ tokenId }) => tokenId).toSorted(),
      "grants and their entries differ",
    );
    const urls = this.#issuers.map(({ url }) => url);
    const stored: readonly unknown[] = database.connection
      .prepare(`select token_id from grants where issuer in (${urls.map(() => "?").join(", ")})`)
      .pluck()
      .all(...urls);
    for (const id of stored) assert.ok(ids.includes(String(id)), "a stored grant has no entry");
  }

  #issuer(index: number): RunIssuer {
    const issuer = this.#issuers[index];
    assert.ok(issuer !== undefined);
    return issuer;
  }

  #modelIssuer(index: number): ExchangeModel["issuers"][number] {
    const issuer = this.#model.issuers[index];
    assert.ok(issuer !== undefined);
    return issuer;
  }

  #resource(target: number): Resource {
    const resource = parseResource(this.#resources[target] ?? "");
    assert.ok(resource !== undefined);
    return resource;
  }

  #count(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }
}

function pick<T>(list: readonly T[], choice: number): T | undefined {
  return list[choice % Math.max(1, list.length)];
}

/** How a missing match is explained depends on what the token proved; that is other tests' business. */
function reasonOf(code: string): string {
  return /^TP1[78]/.test(code) ? "no publisher" : code;
}

function newKey(provider: RunIssuer["provider"]): IssuerKeyPair {
  serial += 1;
  const pool = provider === "custom" ? EC_KEYS : RSA_KEYS;
  const key = pool[serial % pool.length];
  assert.ok(key !== undefined);
  return { ...key, kid: `key-${serial}` };
}

function show(http: LocalIssuer, url: string, keys: readonly IssuerKeyPair[]): void {
  const { pathname } = new URL(url);
  http.answers.set(`${pathname}${DISCOVERY_PATH}`, (_, response) =>
    sendJson(response, { issuer: url, jwks_uri: `${url}/jwks` }),
  );
  http.answers.set(`${pathname}/jwks`, (_, response) => sendJson(response, { keys: keys.map(publicJwk) }));
}

function claimsOf(provider: RunIssuer["provider"], ref: string): Readonly<Record<string, unknown>> {
  if (provider === "custom") return { sub: "robot", ref };
  return {
    sub: `project_path:acme/train:ref_type:branch:ref:${ref}`,
    namespace_id: "72",
    namespace_path: "acme",
    project_id: "20",
    project_path: "acme/train",
    job_project_id: "20",
    pipeline_source: "push",
    ref,
    ref_type: "branch",
    ref_path: `refs/heads/${ref}`,
  };
}
