import { strict as assert } from "node:assert";
import { AUDIENCE } from "../exchange-stage.contract.ts";
import { ecKey, rsaKey, signToken } from "../local-issuer.contract.ts";
import type { ExchangeStep } from "./exchange-step.contract.ts";
import { nextSerial, type RunProvider, type RunToken, type RunWorld } from "./run-world.contract.ts";

/** What forged tokens are signed with. */
const STRANGERS = { custom: ecKey("", "P-256"), gitlab: rsaKey("") } as const;

/** What a step says of a token. */
export type TokenDraft = Omit<Extract<ExchangeStep, { kind: "exchange" }>, "kind" | "target" | "copies">;

export function newRunToken(world: RunWorld, draft: TokenDraft): RunToken {
  const issuer = world.issuer(draft.issuer);
  const { provider, keys } = issuer;
  const newest = keys.at(-1);
  assert.ok(newest !== undefined);
  const key = draft.key === "previous" ? (keys.at(-2) ?? newest) : newest;
  const signer = draft.key === "forged" ? { ...STRANGERS[provider], kid: key.kid } : key;
  const serial = nextSerial();
  const jti =
    draft.jti === "own" || (draft.jti === "again" && issuer.lastJti === "") ? `jti-${serial}` : issuer.lastJti;
  if (draft.jti !== "none") issuer.lastJti = jti;
  const issuedAt = world.now - draft.age;
  const claims = {
    iss: issuer.url,
    aud: draft.isForUs ? AUDIENCE : "https://other.example",
    iat: issuedAt,
    exp: issuedAt + draft.life,
    serial,
    ...(draft.jti === "none" ? {} : { jti }),
    ...claimsOf(provider, draft.ref),
  };
  const header = { alg: provider === "custom" ? "ES256" : "RS256", typ: "JWT", kid: key.kid };
  const token: RunToken = {
    model: {
      issuer: draft.issuer,
      replayKey: draft.jti === "none" ? `serial ${serial}` : jti,
      reuse: provider === "custom" && draft.jti !== "none" ? "single" : "bounded",
      kid: key.kid,
      isForged: draft.key === "forged",
      ref: draft.ref,
      issuedAt,
      expiresAt: claims.exp,
      maxAge: provider === "custom" ? 3600 : 86_400,
      isForUs: draft.isForUs,
    },
    sign: () => signToken(signer, claims, header),
  };
  world.tokens.push(token);
  return token;
}

function claimsOf(provider: RunProvider, ref: string): Readonly<Record<string, unknown>> {
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
