/** A character that a person would not see, or would take for another. */
export interface OddCharacter {
  readonly what: string;
  /** `U+200B` */
  readonly codePoint: string;
  /** Counted from 1, in characters. */
  readonly position: number;
}

/**
 * Finds the first character that has no business in a claim: control and invisible characters, unusual spaces, spaces at the ends,
 * broken surrogates, and outside of free text everything beyond ASCII (look-alikes of Latin letters).
 *
 * Pasted zero-width characters are a known cause of publishers that never match and of names that look like another.
 */
export function oddCharacterIn(text: string, allowed: "ascii" | "text"): OddCharacter | undefined {
  const characters = [...text];
  for (const [index, character] of characters.entries()) {
    const what = oddityOf(character, index === 0 || index === characters.length - 1, allowed);
    if (what === undefined) continue;
    const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return { what, codePoint: `U+${hex}`, position: index + 1 };
  }
  // Refused rather than normalised: the issuer compares code units, and so do we.
  if (text.normalize("NFC") !== text)
    return { what: "a combining character", codePoint: "not NFC", position: firstDifference(text) };
  return undefined;
}

function oddityOf(character: string, atEnd: boolean, allowed: "ascii" | "text"): string | undefined {
  if (/^\p{Cc}$/u.test(character)) return "a control character";
  if (/^\p{Cs}$/u.test(character)) return "half a character";
  if (/^[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{DI}]$/u.test(character)) return "an invisible character";
  if (character === " ") return atEnd ? "a space at an end" : undefined;
  if (/^\p{Zs}$/u.test(character)) return "an unusual space";
  if (allowed === "ascii" && (character.codePointAt(0) ?? 0) > 0x7e) return "a non-ASCII character";
  return undefined;
}

function firstDifference(text: string): number {
  const composed = [...text.normalize("NFC")];
  const written = [...text];
  const at = written.findIndex((character, index) => character !== composed[index]);
  return at === -1 ? written.length : at + 1;
}
