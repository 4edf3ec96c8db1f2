import type { Members, MutationFamilies } from "./token-forge.contract.ts";

/** Signed tokens whose header is not what it should be (RFC 7515 §4). */
export const HOSTILE_HEADERS: MutationFamilies = {
  "header member": (forge) => {
    const name = forge.pick([
      "jku",
      "x5u",
      "jwk",
      "x5c",
      "x5t",
      "x5t#S256",
      "zip",
      "cty",
      "epk",
      "apu",
      "enc",
      "p2c",
      "b64",
      "nonce",
      "iss",
      "x",
      "constructor",
      "toString",
      "ALG",
      "alg ",
    ]);
    const own = forge.keys.foreign.publicKey.export({ format: "jwk" });
    const value =
      name === "jwk"
        ? own
        : forge.pick<unknown>(["https://mallory.example/jwks", "x", 1, null, true, false, ["x"], {}]);
    const key = name === "jwk" && forge.next() < 0.7 ? forge.keys.foreign : forge.keys.p256;
    return forge.sign({ ...forge.header(), [name]: value }, forge.claims(), key);
  },
  "critical header": (forge) => {
    const crit = forge.pick<unknown>([
      [],
      ["exp"],
      ["b64"],
      ["b64"],
      ["b64", "b64"],
      ["alg"],
      "b64",
      {},
      null,
      [1],
      [""],
      ["x"],
      ["__proto__"],
      ["toString"],
      ["kid", "b64"],
      undefined,
    ]);
    const header = {
      ...forge.header(),
      crit,
      ...forge.pick<Members>([{}, { b64: true }, { b64: false }, { b64: "false" }, { b64: 0 }, { x: 1 }]),
    };
    const claims = JSON.stringify(forge.claims());
    // RFC 7797: the payload is signed and sent as it is.
    if (forge.next() < 0.3)
      return forge.signSegments(Buffer.from(JSON.stringify(header)).toString("base64url"), claims.replaceAll(".", ""));
    return forge.signTexts(JSON.stringify(header), claims);
  },
  "key id": (forge) => {
    const kid = forge.pick<unknown>([
      undefined,
      null,
      "",
      "e2",
      "r1",
      "E1",
      "e1 ",
      " e1",
      "unknown",
      "../../dev/null",
      "' or 1=1 --",
      1,
      true,
      ["e1"],
      { kid: "e1" },
      "e1\u0000",
      "\u00e91",
      "__proto__",
      "k".repeat(256),
      "k".repeat(257),
    ]);
    return forge.sign({ ...forge.header(), kid }, forge.claims());
  },
  "token type": (forge) => {
    const typ = forge.pick<unknown>([
      undefined,
      "jwt",
      "Jwt",
      "at+jwt",
      "application/jwt",
      "dpop+jwt",
      "logout+jwt",
      "JOSE",
      "JWT ",
      "",
      7,
      null,
      ["JWT"],
      {},
    ]);
    return forge.sign({ ...forge.header(), typ }, forge.claims());
  },
  "repeated header member": (forge) => {
    const added = forge.pick([
      '"alg":"none"',
      '"alg":"ES256"',
      '"kid":"e2"',
      '"kid":"e1"',
      '"typ":"JWT"',
      '"\\u0061lg":"HS256"',
      '"k\\u0069d":"e1"',
    ]);
    const text = JSON.stringify(forge.header()).slice(1, -1);
    return forge.signTexts(forge.pick([`{${added},${text}}`, `{${text},${added}}`]), JSON.stringify(forge.claims()));
  },
};
