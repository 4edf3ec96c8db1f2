import { isSecretName, REDACTED, redactForm, redactJson, redactText, redactUrl } from "./redact.ts";

/** A request as it goes out; header names in any case. */
export interface PrintableRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Only text is printed; anything else is named by its size or kind before it gets here. */
  readonly body?: string | undefined;
}

/** Characters of a body that are printed. */
const BODY_LIMIT = 1000;

/**
 * The request as a curl command without its secrets.
 *
 * Redaction comes first and the cut last: a JWT cut in the middle no longer looks like one, and its claims would be printed
 * (the stock client does that; `curl-command.test.ts` holds this order).
 */
export function toCurlCommand(request: PrintableRequest): string {
  const parts = ["curl", "-X", request.method.toUpperCase()];
  const names = Object.keys(request.headers).sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  for (const name of names) {
    const value = request.headers[name] ?? "";
    parts.push("-H", quoted(`${name}: ${isSecretHeader(name) ? "<TOKEN>" : redactText(value)}`));
  }
  if (request.body !== undefined) {
    const clean = redactBody(request.body);
    const shown = clean.length > BODY_LIMIT ? `${clean.slice(0, BODY_LIMIT)} … (${clean.length} characters)` : clean;
    parts.push("--data-raw", quoted(shown));
  }
  parts.push(quoted(redactUrl(request.url)));
  return parts.join(" ");
}

function isSecretHeader(name: string): boolean {
  return /cookie|token|auth|identity-header/i.test(name) || isSecretName(name);
}

/** JSON and forms by their names; any other text has no names to go by, so only its look can betray a secret. */
function redactBody(body: string): string {
  const json = redactJson(body);
  if (json !== undefined) return json;
  // Text that starts as JSON and is none would slip past the names: say only that it is there.
  if (/^\s*[[{]/.test(body)) return REDACTED;
  return redactForm(body);
}

/** For a POSIX shell; control characters are shown escaped, so one request stays one line. */
function quoted(text: string): string {
  const printable = text.replaceAll(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `'${printable.replaceAll("'", "'\\''")}'`;
}
