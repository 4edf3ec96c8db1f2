import { EXCHANGE_CODES, type ExchangeCodeRow, exchangeCodeRow } from "@postern/core/error/exchange-codes";
import type { FastifyInstance } from "fastify";
import { errorHelpOf } from "./error-help.ts";
import { escapeHtml, PAGE_HEADERS, page } from "./static-page.ts";

/** `/errors` lists the codes of refused exchanges; `/errors/TPdddd` says what one means and what to do (RFC 6749 §5.2 `error_uri`). */
export function registerErrorPages(app: FastifyInstance): void {
  app.get("/errors", (_request, reply) => {
    const rows = Object.entries(EXCHANGE_CODES).map(
      ([code, { meaning }]) => `<li><a href="/errors/${code}">${code}</a> ${escapeHtml(meaning)}</li>`,
    );
    return reply.headers(PAGE_HEADERS).send(page("Why an exchange is refused", `<ul>${rows.join("\n")}</ul>`));
  });
  app.get<{ Params: { code: string } }>("/errors/:code", (request, reply) => {
    const { code } = request.params;
    const row = exchangeCodeRow(code);
    if (row === undefined) {
      return reply
        .code(404)
        .headers(PAGE_HEADERS)
        .send(page("No such code", '<p>This server sends no such code. <a href="/errors">All codes</a></p>'));
    }
    return reply.headers(PAGE_HEADERS).send(page(code, pageOf(code, row)));
  });
}

function pageOf(code: string, { error, meaning, remedy }: ExchangeCodeRow): string {
  const { who, commands, lines = [] } = errorHelpOf(code);
  const printed = [`${error}: [${code}] ${meaning} ${remedy}`, ...lines].map(escapeHtml).join("\n");
  const rows = commands.map(
    ([command, purpose]) => `<li><code>${escapeHtml(command)}</code>: ${escapeHtml(purpose)}</li>`,
  );
  return `<p>${escapeHtml(meaning)}</p>
<h2>What to do</h2>
<p>${escapeHtml(remedy)}</p>
<p>Who can: ${escapeHtml(who)}</p>
${rows.length === 0 ? "" : `<ul>${rows.join("\n")}</ul>`}
<h2>What the job prints</h2>
<pre>${printed}</pre>
<p class="wire">The answer's <code>X-Request-Id</code> finds the entry in the audit log. <a href="/errors">All codes</a></p>`;
}
