import { CLOCK_LEEWAY_SECONDS } from "@postern/core/claims/token-times";

/** How often one subject token may be exchanged where the provider hands a job only one. */
const MAX_USES = 10;
/** How long a spent token is remembered past its last usable moment, in seconds. */
const RETENTION_MARGIN = 60;
/** How long fetched keys are trusted, how soon an unknown key may be asked for again, and how long an unknown one stays so. Seconds. */
const FRESH = 900;
const ASK_AGAIN = 60;
const UNKNOWN = 300;

export interface ModelIssuer {
  enabled: boolean;
  /** Key ids that it shows now. */
  published: readonly string[];
}

export interface ModelToken {
  readonly issuer: number;
  /** The same for every token that counts as the same one. */
  readonly replayKey: string;
  readonly reuse: "single" | "bounded";
  readonly kid: string;
  readonly isForged: boolean;
  readonly ref: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly maxAge: number;
  readonly isForUs: boolean;
}

export interface ModelPublisher {
  readonly id: string;
  readonly issuer: number;
  readonly target: number;
  /** Any, where there is none. */
  readonly ref: string | undefined;
  readonly access: "read" | "write";
  readonly ttlSeconds: number;
  readonly createdAt: number;
  enabled: boolean;
}

export interface ModelGrant {
  readonly publisher: ModelPublisher;
  readonly expiresAt: number;
  isRevoked: boolean;
}

export type ModelVerdict =
  | { readonly kind: "granted"; readonly publisher: ModelPublisher }
  | { readonly kind: "refused"; readonly code: string };

interface Spent {
  readonly issuer: number;
  readonly publisher: string;
  readonly target: number;
  readonly retainUntil: number;
  uses: number;
}

interface CachedKeys {
  kids: readonly string[];
  freshUntil: number;
  askAt: number;
  readonly unknown: Map<string, number>;
}

/** What the exchange must do, in a page: plain collections, no store, no clock of its own. */
export class ExchangeModel {
  readonly issuers: ModelIssuer[] = [];
  readonly publishers: ModelPublisher[] = [];
  readonly grants: ModelGrant[] = [];
  isExchangeOff = false;
  readonly #spent = new Map<string, Spent>();
  /** By issuer: the longest that a token was remembered which is forgotten now. */
  readonly #forgottenThrough = new Map<number, number>();
  readonly #fetchesKeys: boolean;
  #cache = new Map<number, CachedKeys>();

  /** @param fetchesKeys - False where the issuers' keys are uploaded and so always the newest. */
  constructor(fetchesKeys: boolean) {
    this.#fetchesKeys = fetchesKeys;
  }

  /** What the next exchange of this token must come to; remembers fetched keys, spends nothing. */
  judge(token: ModelToken, target: number, now: number): ModelVerdict {
    const code = this.#whyRefused(token, now);
    if (code !== undefined) return { kind: "refused", code };
    const publisher = this.#bestFor(token, target);
    if (publisher === undefined) return { kind: "refused", code: "no publisher" };
    const spent = this.#spent.get(spentKeyOf(token));
    if (spent === undefined)
      return retainUntilOf(token) <= (this.#forgottenThrough.get(token.issuer) ?? 0)
        ? { kind: "refused", code: "TP1604" }
        : { kind: "granted", publisher };
    if (token.reuse === "single") return { kind: "refused", code: "TP1601" };
    const isSame = spent.publisher === publisher.id && spent.target === target;
    return isSame && spent.uses < MAX_USES ? { kind: "granted", publisher } : { kind: "refused", code: "TP1602" };
  }

  /** The exchange was granted. */
  grant(token: ModelToken, publisher: ModelPublisher, now: number): ModelGrant {
    const key = spentKeyOf(token);
    const spent = this.#spent.get(key);
    if (spent === undefined) {
      const { issuer } = token;
      const retainUntil = retainUntilOf(token);
      this.#spent.set(key, { issuer, publisher: publisher.id, target: publisher.target, retainUntil, uses: 1 });
    } else spent.uses += 1;
    const grant = { publisher, expiresAt: now + publisher.ttlSeconds, isRevoked: false };
    this.grants.push(grant);
    return grant;
  }

  isLive({ publisher, expiresAt, isRevoked }: ModelGrant, now: number): boolean {
    return !isRevoked && expiresAt > now && this.publishers.includes(publisher);
  }

  hasSuchPublisher({ issuer, target, ref, access }: Omit<ModelPublisher, "id" | "enabled">): boolean {
    return this.publishers.some(
      (stored) =>
        stored.issuer === issuer && stored.target === target && stored.ref === ref && stored.access === access,
    );
  }

  removePublisher(publisher: ModelPublisher): void {
    this.publishers.splice(this.publishers.indexOf(publisher), 1);
  }

  revokeTokensOf(publisher: ModelPublisher): void {
    for (const grant of this.grants) if (grant.publisher === publisher) grant.isRevoked = true;
  }

  /**
   * A spent token that cannot verify any more is forgotten: another token may then have its `jti`, however odd of its issuer. How long
   * such tokens lived is not forgotten, so that a clock set back does not make them new.
   */
  sweep(now: number): void {
    for (const [key, { issuer, retainUntil }] of this.#spent) {
      if (retainUntil >= now) continue;
      this.#spent.delete(key);
      this.#forgottenThrough.set(issuer, Math.max(retainUntil, this.#forgottenThrough.get(issuer) ?? 0));
    }
  }

  /** Everything but cached keys is on the disk. */
  restart(): void {
    this.#cache = new Map();
  }

  #whyRefused(token: ModelToken, now: number): string | undefined {
    if (this.isExchangeOff) return "TP1907";
    if (this.issuers[token.issuer]?.enabled !== true) return "TP1202";
    if (!this.#knowsKey(token, now)) return "TP1301";
    if (token.isForged) return "TP1302";
    if (now >= token.expiresAt + CLOCK_LEEWAY_SECONDS) return "TP1401";
    if (now < token.issuedAt - CLOCK_LEEWAY_SECONDS) return "TP1403";
    if (now >= token.issuedAt + token.maxAge + CLOCK_LEEWAY_SECONDS) return "TP1404";
    return token.isForUs ? undefined : "TP1501";
  }

  #bestFor({ issuer, ref }: ModelToken, target: number): ModelPublisher | undefined {
    const [best] = this.publishers
      .filter((one) => one.enabled && one.issuer === issuer && one.target === target)
      .filter((one) => one.ref === undefined || one.ref === ref)
      .sort(
        (a, b) =>
          Number(b.ref !== undefined) - Number(a.ref !== undefined) ||
          Number(b.access === "write") - Number(a.access === "write") ||
          a.createdAt - b.createdAt ||
          a.id.localeCompare(b.id),
      );
    return best;
  }

  #knowsKey({ issuer, kid }: ModelToken, now: number): boolean {
    const published = this.issuers[issuer]?.published ?? [];
    if (!this.#fetchesKeys) return published.includes(kid);
    const cached: CachedKeys = this.#cache.get(issuer) ?? {
      kids: [],
      freshUntil: 0,
      askAt: 0,
      unknown: new Map<string, number>(),
    };
    this.#cache.set(issuer, cached);
    if (now < cached.freshUntil) {
      if (cached.kids.includes(kid)) return true;
      if (now < cached.askAt || now < (cached.unknown.get(kid) ?? 0)) return false;
      cached.askAt = now + ASK_AGAIN;
    }
    cached.kids = published;
    cached.freshUntil = now + FRESH;
    for (const known of published) cached.unknown.delete(known);
    if (published.includes(kid)) return true;
    cached.unknown.set(kid, now + UNKNOWN);
    return false;
  }
}

function retainUntilOf({ expiresAt, issuedAt, maxAge }: ModelToken): number {
  return Math.min(expiresAt, issuedAt + maxAge) + CLOCK_LEEWAY_SECONDS + RETENTION_MARGIN;
}

function spentKeyOf({ issuer, replayKey }: ModelToken): string {
  return `${issuer} ${replayKey}`;
}
