/** Stands where a value was that only its owner may see. */
export const REDACTED = "<REDACTED>";

/**
 * Names, in bodies and queries, whose values are secrets: OAuth parameters (RFC 6749, 7636, 8628, 8693), lists given to
 * `/api/credentials/revoke`, and the parameters of signed URLs.
 */
const SECRET_NAME =
  /tokens?$|secret|password|passwd|credential|signature|^sig$|assertion|authorization|(?:api|private)[-_]?key|^code$|^device_code$|^code_verifier$|^policy$/i;

/** `token_type`, `subject_token_type` and the like say what a token is, not the token. */
const HARMLESS_NAME = /_type$|_types$/i;

/** One run of the characters that tokens are made of. */
const RUN = /[A-Za-z0-9_.-]{9,}/g;

/**
 * Where a token begins in such a run: a hub token, or a JWT, whole or broken off anywhere. A JWT begins with base64url of `{"`,
 * or of a brace and white space, which would also fit the middle of innocent names and so counts at the start only.
 */
const TOKEN_START = /hf_[A-Za-z0-9_.-]{6}|eyJ[A-Za-z0-9_-]{6}|^(?:eyA[gi]|ew[o0k])[A-Za-z0-9_-]{5}/;

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}

/** Removes whatever looks like a JWT or a hub token, wherever it stands; linear in the text, which a server may have chosen. */
export function redactText(text: string): string {
  return text.replaceAll(RUN, (run) => {
    const start = run.search(TOKEN_START);
    return start === -1 ? run : run.slice(0, start) + REDACTED;
  });
}

/** The URL without user info, fragment and the values of secret query parameters. */
export function redactUrl(text: string): string {
  if (!URL.canParse(text)) return redactText(text);
  const url = new URL(text);
  const user = url.username === "" && url.password === "" ? "" : `${REDACTED}@`;
  const query = url.search === "" ? "" : `?${redactForm(url.search.slice(1))}`;
  const fragment = url.hash === "" ? "" : `#${REDACTED}`;
  return redactText(`${url.protocol}//${user}${url.host}${url.pathname}${query}${fragment}`);
}

/** A form body or query, pair by pair, otherwise as it was written. */
export function redactForm(text: string): string {
  const pairs = text.split("&").map((pair) => {
    const [name = "", ...rest] = pair.split("=");
    return rest.length > 0 && isSecretName(decoded(name)) ? `${name}=${REDACTED}` : pair;
  });
  return redactText(pairs.join("&"));
}

/** A JSON text (also newline-delimited) with the values of secret members replaced, however deep; `undefined` when it is no JSON. */
export function redactJson(text: string): string | undefined {
  const whole = parsed(text);
  if (whole !== undefined) return redactText(JSON.stringify(redactValue(whole.value)));
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const values = lines.map(parsed);
  if (values.length === 0 || values.includes(undefined)) return undefined;
  return redactText(values.map((value) => JSON.stringify(redactValue(value?.value))).join("\n"));
}

function redactValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, isSecretName(name) ? REDACTED : redactValue(member)]),
  );
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
