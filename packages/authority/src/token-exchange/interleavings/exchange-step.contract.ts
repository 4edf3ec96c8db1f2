import fc from "fast-check";

/** One thing that happens; numbers choose among what there is by then. */
export type ExchangeStep =
  | {
      readonly kind: "exchange";
      readonly issuer: number;
      readonly target: number;
      readonly ref: string;
      /** `again`: another token with the `jti` of the one before it. */
      readonly jti: "own" | "none" | "again";
      readonly key: "newest" | "previous" | "forged";
      readonly life: number;
      readonly age: number;
      readonly isForUs: boolean;
      /** So many at the same moment. */
      readonly copies: number;
    }
  /** `isResigned`: the same octets with another valid signature, where the algorithm allows it. */
  | {
      readonly kind: "replay";
      readonly token: number;
      readonly target: number;
      readonly copies: number;
      readonly isResigned: boolean;
    }
  | {
      readonly kind: "add-publisher";
      readonly issuer: number;
      readonly target: number;
      readonly ref: string | undefined;
      readonly access: "read" | "write";
      readonly ttlSeconds: number;
    }
  | { readonly kind: "change-publisher"; readonly publisher: number; readonly change: PublisherChange }
  /** A publisher ends while a token is exchanged. */
  | { readonly kind: "race"; readonly publisher: number; readonly change: "remove" | "disable" }
  | { readonly kind: "revoke-token"; readonly grant: number }
  | { readonly kind: "switch-issuer"; readonly issuer: number; readonly isOn: boolean }
  | { readonly kind: "switch-exchange"; readonly isOn: boolean }
  | { readonly kind: "rotate-issuer"; readonly issuer: number; readonly keepsOld: boolean }
  | { readonly kind: "rotate-own" }
  | { readonly kind: "step-clock"; readonly seconds: number }
  | { readonly kind: "sweep" }
  | { readonly kind: "restart" };

export type PublisherChange = "remove" | "disable" | "enable" | "revoke-tokens";

const any = fc.nat({ max: 1000 });
const issuer = fc.constantFrom(0, 0, 1);
const target = fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 2, 3);
const copies = fc.oneof(
  { weight: 20, arbitrary: fc.constant(1) },
  { weight: 4, arbitrary: fc.constantFrom(2, 3) },
  { weight: 1, arbitrary: fc.constant(12) },
);

function kind<K extends string>(name: K): fc.Arbitrary<K> {
  return fc.constant(name);
}

const exchange = fc.record({
  kind: kind("exchange"),
  issuer,
  target,
  ref: fc.constantFrom("main", "main", "main", "dev"),
  jti: fc.constantFrom("own" as const, "own" as const, "none" as const, "again" as const),
  key: fc.constantFrom(
    "newest" as const,
    "newest" as const,
    "newest" as const,
    "newest" as const,
    "newest" as const,
    "previous" as const,
    "forged" as const,
  ),
  life: fc.constantFrom(300, 300, 3600, 7200),
  age: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, -29, -31, 290, 4000),
  isForUs: fc.constantFrom(true, true, true, true, true, true, true, false),
  copies,
});
const replay = fc.record({ kind: kind("replay"), token: any, target, copies, isResigned: fc.boolean() });
const addPublisher = fc.record({
  kind: kind("add-publisher"),
  issuer,
  target: fc.constantFrom(0, 0, 1, 2),
  ref: fc.constantFrom("main", "main", "dev", undefined),
  access: fc.constantFrom("read" as const, "write" as const),
  ttlSeconds: fc.constantFrom(300, 900, 3600),
});
const changePublisher = fc.record({
  kind: kind("change-publisher"),
  publisher: any,
  change: fc.constantFrom<PublisherChange>("remove", "disable", "enable", "enable", "revoke-tokens"),
});
const race = fc.record({
  kind: kind("race"),
  publisher: any,
  change: fc.constantFrom("remove" as const, "disable" as const),
});
const isOn = fc.constantFrom(true, true, false);

const STEP: fc.Arbitrary<ExchangeStep> = fc.oneof(
  { weight: 32, arbitrary: exchange },
  { weight: 16, arbitrary: replay },
  { weight: 12, arbitrary: addPublisher },
  { weight: 10, arbitrary: changePublisher },
  { weight: 4, arbitrary: race },
  { weight: 6, arbitrary: fc.record({ kind: kind("revoke-token"), grant: any }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("switch-issuer"), issuer, isOn }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("switch-exchange"), isOn }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("rotate-issuer"), issuer, keepsOld: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("rotate-own") }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: kind("step-clock"),
      seconds: fc.constantFrom(1, 10, 61, 250, 320, 700, 3700, -1, -20, -60, -250, -300),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("sweep") }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("restart") }) },
);

/** A token is forgotten while the clock is ahead, and comes again when it is set back: random steps alone would hardly ever do this. */
const FORGOTTEN: fc.Arbitrary<readonly ExchangeStep[]> = fc
  .tuple(exchange, replay)
  .map(([first, again]) => [
    { ...first, target: 0, ref: "main", jti: "own", key: "newest", life: 300, age: 0, isForUs: true },
    { kind: "step-clock", seconds: 391 },
    { kind: "sweep" },
    { kind: "step-clock", seconds: -300 },
    { ...again, target: 0 },
  ]);

/** Publishers to begin with, or little would come of the rest. */
const FIRST: readonly ExchangeStep[] = [0, 1].map((provider) => ({
  kind: "add-publisher",
  issuer: provider,
  target: 0,
  ref: "main",
  access: "write",
  ttlSeconds: 900,
}));

/** A run: 10 to 12 steps, some of them several in one. */
export const EXCHANGE_STEPS: fc.Arbitrary<readonly ExchangeStep[]> = fc
  .array(fc.oneof({ weight: 60, arbitrary: STEP.map((step) => [step]) }, { weight: 1, arbitrary: FORGOTTEN }), {
    minLength: 8,
    maxLength: 10,
    size: "max",
  })
  .map((others) => [...FIRST, ...others.flat()]);
