import type { Fault } from "./fault.ts";

/** One line of `--help`: how a fault is written, and what it does. */
export interface FaultHelp {
  readonly syntax: string;
  readonly effect: string;
}

interface FaultSpelling extends FaultHelp {
  readonly name: string;
  /** @returns `undefined` when the text after the colon does not fit. */
  readonly make: (argument: string | undefined) => Fault | undefined;
}

const DEFAULT_DELAY_MS = 30_000;
const LONGEST_DELAY_MS = 600_000;

const SPELLINGS: readonly FaultSpelling[] = [
  plain("wrong-audience", "tokens are for https://other.example", { kind: "wrong-audience" }),
  plain("expired", "tokens expired an hour ago", { kind: "expired" }),
  plain("not-yet-valid", "tokens become valid in an hour", { kind: "not-yet-valid" }),
  plain("unknown-key", "tokens are signed by a key that the JWKS does not hold", { kind: "unknown-key" }),
  plain("bad-signature", "one bit of the signature is flipped", { kind: "bad-signature" }),
  {
    name: "missing-claim",
    syntax: "missing-claim:CLAIM",
    effect: "tokens lack CLAIM",
    make: (claim) => (claim === undefined || claim === "" ? undefined : { kind: "missing-claim", claim }),
  },
  plain("alg-none", "tokens say `alg: none` and are not signed", { kind: "alg-none" }),
  plain("hs256-confusion", "tokens say HS256 and are signed with the public key as secret", {
    kind: "hs256-confusion",
  }),
  plain("jku-header", "tokens are signed by a foreign key and point to its JWKS with `jku`", { kind: "jku-header" }),
  slow("slow-jwks", "the JWKS answers", (delayMs) => ({ kind: "slow-jwks", delayMs })),
  plain("jwks-500", "the JWKS answers 500", { kind: "jwks-500" }),
  plain("jwks-not-json", "the JWKS answers 200 with a page of HTML", { kind: "jwks-not-json" }),
  plain("jwks-endless", "the JWKS answers with a body that never ends", { kind: "jwks-endless" }),
  slow("slow-discovery", "the discovery document answers", (delayMs) => ({ kind: "slow-discovery", delayMs })),
  plain("discovery-500", "the discovery document answers 500", { kind: "discovery-500" }),
  plain("wrong-discovery-issuer", "the discovery document names another issuer", { kind: "wrong-discovery-issuer" }),
  plain("rotated-key", "the signing key is replaced at once and the old one leaves the JWKS", { kind: "rotated-key" }),
  slow("slow-mint", "the endpoint that mints a job's tokens answers", (delayMs) => ({ kind: "slow-mint", delayMs })),
  plain("mint-500", "the endpoint that mints a job's tokens answers 500", { kind: "mint-500" }),
];

/** Every fault, in the order in which `--help` lists them. */
export const FAULTS: readonly FaultHelp[] = SPELLINGS.map(({ syntax, effect }) => ({ syntax, effect }));

/** Reads `name` or `name:argument`, for example `expired`, `slow-jwks:5000`, `missing-claim:jti`; else `undefined`. */
export function parseFault(text: string): Fault | undefined {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const argument = colon < 0 ? undefined : text.slice(colon + 1);
  return SPELLINGS.find((spelling) => spelling.name === name)?.make(argument);
}

/** The text that `parseFault` reads back as the same fault. */
export function formatFault(fault: Fault): string {
  switch (fault.kind) {
    case "missing-claim":
      return `${fault.kind}:${fault.claim}`;
    case "slow-jwks":
    case "slow-discovery":
    case "slow-mint":
      return `${fault.kind}:${fault.delayMs}`;
    default:
      return fault.kind;
  }
}

function plain(name: string, effect: string, fault: Fault): FaultSpelling {
  return { name, syntax: name, effect, make: (argument) => (argument === undefined ? fault : undefined) };
}

function slow(name: string, subject: string, make: (delayMs: number) => Fault): FaultSpelling {
  return {
    name,
    syntax: `${name}[:MS]`,
    effect: `${subject} after MS milliseconds (${DEFAULT_DELAY_MS} when left out, at most ${LONGEST_DELAY_MS})`,
    make: (argument) => {
      if (argument === undefined) return make(DEFAULT_DELAY_MS);
      if (!/^[0-9]{1,6}$/.test(argument) || Number(argument) > LONGEST_DELAY_MS) return undefined;
      return make(Number(argument));
    },
  };
}
