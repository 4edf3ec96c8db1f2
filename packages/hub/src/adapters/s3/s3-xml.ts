/**
 * The little of XML that the store's answers need: flat elements, known names, no attributes that matter. A parser for all of XML would be
 * more code than this whole adapter, and one more way in.
 */

/** The text of the first element of that name; `undefined` when there is none. */
export function elementText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];
  return text === undefined ? undefined : decode(text);
}

/** What is between the tags of every element of that name; elements of one name are not nested in these answers. */
export function elements(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>(.*?)</${name}>`, "gs"))].map((match) => match[1] ?? "");
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));/g, (whole, hex, decimal, name) => {
    const point = hex === undefined ? (decimal === undefined ? undefined : Number(decimal)) : Number.parseInt(hex, 16);
    if (point !== undefined) return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    return NAMED[name] ?? whole;
  });
}
