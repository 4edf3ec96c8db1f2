import { AUDIENCE, START } from "./exchange-stage.contract.ts";
import type { MutationFamilies } from "./token-forge.contract.ts";

const JSON_KINDS: readonly [unknown, ...unknown[]] = [
  undefined,
  null,
  "",
  "x",
  0,
  -1,
  1.5,
  true,
  false,
  [],
  {},
  ["x"],
  [[]],
  [null],
];
/** Signed tokens whose claims are not what they should be (RFC 7519 §4). */
export const HOSTILE_CLAIMS: MutationFamilies = {
  "repeated claim": (forge) => {
    const claims = forge.claims();
    const added = forge.pick([
      '"sub":"mallory"',
      '"aud":"https://other.example"',
      `"aud":"${AUDIENCE}"`,
      '"iss":"https://mallory.example"',
      '"exp":9999999999',
      '"s\\u0075b":"mallory"',
      '"\\u0069ss":"https://mallory.example"',
      '"nested":{"a":1,"a":2}',
      '"nested":[{"a":1,"\\u0061":2}]',
      '"__proto__":{"sub":"mallory"}',
      '"__proto__":1,"__proto__":2',
    ]);
    const text = JSON.stringify(claims).slice(1, -1);
    return forge.signTexts(JSON.stringify(forge.header()), forge.pick([`{${added},${text}}`, `{${text},${added}}`]));
  },
  "claim of another type": (forge) => {
    if (forge.next() < 0.05) return forge.sign(forge.header(), { ...forge.claims(), nbf: -1 });
    const name = forge.pick(["iss", "aud", "sub", "iat", "exp", "nbf", "jti", "extra"]);
    return forge.sign(forge.header(), { ...forge.claims(), [name]: forge.pick(JSON_KINDS) });
  },
  "extra claim": (forge) => {
    const names: [string, ...string[]] = [
      "scope",
      "\u00e9",
      "",
      "constructor",
      "hasOwnProperty",
      "https://sts.amazonaws.com/",
      "a/b",
      "~",
    ];
    return forge.sign(forge.header(), {
      ...forge.claims(),
      [forge.pick(names)]: forge.pick<unknown>(["x", 1, null, { a: [1] }, "\ud800", "\u0000"]),
    });
  },
  time: (forge) => {
    // The one second on which the two differ.
    if (forge.next() < 0.05) return forge.sign(forge.header(), { ...forge.claims(), iat: START - 3630 });
    const name = forge.pick(["iat", "exp", "nbf"]);
    const edge = forge.pick([0, -30, 30, -3600, -3630, -3599, 300]);
    const offset = edge + forge.pick([0, 0, -1, 1, -2, 2, 0.5, -0.5]);
    const claims = JSON.stringify({ ...forge.claims(), [name]: "@" });
    const at = forge.next() < 0.2 ? START + forge.below(9000) - 4500 : START + offset;
    const value = forge.pick([
      String(at),
      String(at),
      String(at),
      String(at),
      `${at}.0`.replace(/(\..*)\.0/, "$1"),
      `"${at}"`,
      "1e400",
      "-1e400",
      "-0",
      "0",
      "-1",
      "1.795e9",
      `${at}e0`,
      "9007199254740993",
      "1e308",
    ]);
    return forge.signTexts(JSON.stringify(forge.header()), claims.replace('"@"', value));
  },
  audience: (forge) => {
    const aud = forge.pick<unknown>([
      [AUDIENCE],
      [AUDIENCE, AUDIENCE],
      [AUDIENCE, "https://other.example"],
      ["https://other.example", AUDIENCE],
      [AUDIENCE, 1],
      [AUDIENCE, null],
      [[AUDIENCE]],
      { 0: AUDIENCE },
      `${AUDIENCE}/`,
      AUDIENCE.toUpperCase(),
      ` ${AUDIENCE}`,
      `${AUDIENCE},https://other.example`,
      `${AUDIENCE} https://other.example`,
      AUDIENCE.slice(0, -1),
      "https://other.example",
      "*",
    ]);
    return forge.sign(forge.header(), { ...forge.claims(), aud });
  },
  issuer: (forge) => {
    const { iss } = forge.world;
    return forge.sign(forge.header(), {
      ...forge.claims(),
      iss: forge.pick<unknown>([
        `${iss}/`,
        iss.toUpperCase(),
        [iss],
        `${iss}\u0000`,
        `${iss}#`,
        `${iss}?`,
        `${iss}@mallory.example`,
        ` ${iss}`,
        `${iss}.`,
        iss.replace("https", "http"),
        "https://mallory.example",
        { iss },
      ]),
    });
  },
  size: (forge) => {
    const plain = forge.valid("ES256").length;
    const wanted = forge.pick([16_380, 16_383, 16_384, 16_385, 16_390, 20_000, 60_000]);
    return forge.sign(forge.header(), {
      ...forge.claims(),
      pad: "x".repeat(Math.max(0, Math.floor(((wanted - plain) * 3) / 4) - 9 + forge.below(4))),
    });
  },
  depth: (forge) => {
    const depth = 1 + forge.below(14);
    const deep =
      forge.next() < 0.5
        ? `${"[".repeat(depth)}1${"]".repeat(depth)}`
        : `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    return forge.signTexts(
      JSON.stringify(forge.header()),
      `${JSON.stringify(forge.claims()).slice(0, -1)},"deep":${deep}}`,
    );
  },
};
