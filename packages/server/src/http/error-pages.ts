import { EXCHANGE_CODES, exchangeCodeRow } from "@postern/core/error/exchange-codes";
import type { FastifyInstance } from "fastify";

/** Nothing on these pages runs or loads anything. */
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "cache-control": "public, max-age=300",
} as const;

/** `/errors` lists the codes of refused exchanges; `/errors/TPdddd` says what one means and what to do (RFC 6749 §5.2 `error_uri`). */
export function registerErrorPages(app: FastifyInstance): void {
  app.get("/errors", (_request, reply) => {
    const rows = Object.entries(EXCHANGE_CODES).map(
      ([code, { meaning }]) => `<li><a href="/errors/${code}">${code}</a> ${escapeHtml(meaning)}</li>`,
    );
    return reply.headers(HEADERS).send(page("Why an exchange is refused", `<ul>${rows.join("\n")}</ul>`));
  });
  app.get<{ Params: { code: string } }>("/errors/:code", (request, reply) => {
    const { code } = request.params;
    const row = exchangeCodeRow(code);
    if (row === undefined) {
      return reply
        .code(404)
        .headers(HEADERS)
        .send(page("No such code", '<p>This server sends no such code. <a href="/errors">All codes</a></p>'));
    }
    const body = `<p>${escapeHtml(row.meaning)}</p>
<h2>What to do</h2>
<p>${escapeHtml(row.remedy)}</p>
<p class="wire">On the wire: <code>${escapeHtml(row.error)}</code>. The answer's <code>X-Request-Id</code> finds the entry in the audit log. <a href="/errors">All codes</a></p>`;
    return reply.headers(HEADERS).send(page(code, body));
  });
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Postern</title>
<style>
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; color: #1c1f24; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem } a { color: #1a56b0 } .wire { margin-top: 2.5rem; color: #5a6270; font-size: .9rem }
ul { padding-left: 0; list-style: none } li { margin: .35rem 0 } code { font-family: ui-monospace, monospace }
@media (prefers-color-scheme: dark) { body { color: #e3e6ea; background: #15181d } a { color: #8ab4f8 } .wire { color: #9aa3b0 } }
</style>
<h1>${title}</h1>
${body}
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
