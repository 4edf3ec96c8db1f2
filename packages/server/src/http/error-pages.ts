import { EXCHANGE_CODES, exchangeCodeRow } from "@postern/core/error/exchange-codes";
import type { FastifyInstance } from "fastify";
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
    const body = `<p>${escapeHtml(row.meaning)}</p>
<h2>What to do</h2>
<p>${escapeHtml(row.remedy)}</p>
<p class="wire">On the wire: <code>${escapeHtml(row.error)}</code>. The answer's <code>X-Request-Id</code> finds the entry in the audit log. <a href="/errors">All codes</a></p>`;
    return reply.headers(PAGE_HEADERS).send(page(code, body));
  });
}
