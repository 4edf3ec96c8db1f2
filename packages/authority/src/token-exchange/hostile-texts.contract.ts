import type { Members, MutationFamilies } from "./token-forge.contract.ts";

const ODD_CHARACTERS = [
  "A",
  "z",
  "_",
  "-",
  ".",
  "=",
  "+",
  "/",
  " ",
  "\n",
  "\t",
  "\u0000",
  "\u00e9",
  "\u212a",
  "\ufeff",
  "~",
] as const;

/** Tokens that are odd as texts: encoding, JSON, serialization, and what chance does to them. */
export const HOSTILE_TEXTS: MutationFamilies = {
  "JSON text": (forge) => {
    const header = JSON.stringify(forge.header());
    const claims = JSON.stringify(forge.claims());
    const spoil = (text: string): string | Buffer =>
      forge.pick<string | Buffer>([
        `\ufeff${text}`,
        ` ${text} `,
        `\r\n${text}\t`,
        `\u00a0${text}`,
        `\u0000${text}`,
        `${text}\u0000`,
        `${text}${text}`,
        `[${text}]`,
        JSON.stringify(text),
        "null",
        "",
        "{}",
        text.replaceAll('"', "'"),
        text.replace("}", ",}"),
        `/* */${text}`,
        text.replace("{", '{"n":NaN,'),
        text.replace("{", '{"n":01,'),
        text.replace("{", '{"n":"\t",'),
        text.replace(":", " :\n"),
        Buffer.from(text, "utf16le"),
        Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xff]), Buffer.from(text.slice(-2))]),
        Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xc0, 0xaf]), Buffer.from(text.slice(-2))]),
        Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from(text.slice(-2))]),
      ]);
    return forge.next() < 0.4 ? forge.signTexts(spoil(header), claims) : forge.signTexts(header, spoil(claims));
  },
  "encoding slack": (forge) => {
    const at = forge.below(3);
    const slack = (segment: string): string =>
      forge.pick([
        `${segment}=`,
        `${segment}==`,
        `${segment.slice(0, -1)}${nextCharacter(segment.slice(-1))}`,
        `${segment}\n`,
        ` ${segment}`,
        `${segment.slice(0, 4)}\r\n${segment.slice(4)}`,
        segment.replaceAll("-", "+").replaceAll("_", "/"),
        `${segment}A`,
        `${segment}!`,
        `${segment}%3D`,
      ]);
    const parts = forge
      .valid()
      .split(".")
      .map((segment, index) => (index === at ? slack(segment) : segment));
    if (at === 2 || forge.next() < 0.5) return parts.join(".");
    // The slack text is what was signed.
    const header = Buffer.from(JSON.stringify(forge.header())).toString("base64url");
    const claims = Buffer.from(JSON.stringify(forge.claims())).toString("base64url");
    return forge.signSegments(at === 0 ? slack(header) : header, at === 1 ? slack(claims) : claims);
  },
  "other serialization": (forge) => {
    const token = forge.valid("ES256");
    const [header = "", payload = "", signature = ""] = token.split(".");
    return forge.pick([
      JSON.stringify({ protected: header, payload, signature }),
      JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
      `${header}..${signature}`,
      `.${payload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${token}.`,
      `.${token}`,
      `${token}.${token}`,
      `${header}.${payload}.${signature}.${payload}.${signature}`,
      `Bearer ${token}`,
      `${token}\n`,
      ` ${token}`,
      "..",
      "",
    ]);
  },
  "nested token": (forge) => {
    const inner = forge.valid("ES256");
    const payload = forge.pick([
      inner,
      JSON.stringify(inner),
      JSON.stringify({ jwt: inner }),
      JSON.stringify({ ...forge.claims(), act: inner }),
    ]);
    return forge.signTexts(
      JSON.stringify({ ...forge.header(), ...forge.pick<Members>([{}, { cty: "JWT" }]) }),
      payload,
    );
  },
  "character changed": (forge) => {
    const text = forge.valid();
    const at = forge.below(text.length);
    const character = forge.pick(ODD_CHARACTERS);
    return text.slice(0, at) + forge.pick([character, character + text.charAt(at), ""]) + text.slice(at + 1);
  },
  "bits flipped": (forge) => {
    const parts = forge
      .valid()
      .split(".")
      .map((segment) => Buffer.from(segment, "base64url"));
    const octets = parts[forge.below(3)] ?? Buffer.alloc(0);
    for (let flips = 1 + forge.below(3); flips > 0; flips -= 1) {
      const at = forge.below(octets.length);
      octets[at] = (octets[at] ?? 0) ^ (1 << forge.below(8));
    }
    return parts.map((part) => part.toString("base64url")).join(".");
  },
  truncated: (forge) => {
    const text = forge.valid();
    return forge.next() < 0.5 ? text.slice(0, forge.below(text.length)) : text.slice(forge.below(text.length));
  },
  spliced: (forge) => {
    const [one, two] = [forge.valid().split("."), forge.valid().split(".")];
    return one.map((segment, at) => (forge.next() < 0.5 ? segment : (two[at] ?? ""))).join(".");
  },
};

function nextCharacter(character: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[(alphabet.indexOf(character) + 1) % 64] ?? "A";
}
