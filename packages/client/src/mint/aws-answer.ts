import { parseObject } from "../http/json-object.ts";

/**
 * One text of an AWS answer, by the name of its member or element, wherever it stands.
 *
 * STS answers JSON where it is asked for and XML elsewhere; none of the values that we read holds a character that XML escapes.
 */
export function awsValueIn(body: string, name: string): string | undefined {
  const json = parseObject(body);
  if (json !== undefined) return memberOf(json, name);
  const opening = body.indexOf(`<${name}>`);
  if (opening === -1) return undefined;
  const start = opening + name.length + 2;
  const end = body.indexOf(`</${name}>`, start);
  const text = end === -1 ? "" : body.slice(start, end).trim();
  return text === "" || /[<>&]/.test(text) ? undefined : text;
}

function memberOf(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const found = key === name && typeof member === "string" ? member : memberOf(member, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
