import type { FastifyInstance, FastifyRequest } from "fastify";

const FORM = "application/x-www-form-urlencoded";

/** Lets a scope read forms; a name that occurs several times becomes a list. */
export function acceptForms(scope: FastifyInstance): void {
  // The parent scope may have a parser of its own, for its own needs.
  if (scope.hasContentTypeParser(FORM)) scope.removeContentTypeParser(FORM);
  scope.addContentTypeParser(FORM, { parseAs: "string" }, async (_request: FastifyRequest, body: string | Buffer) => {
    const fields: Record<string, string | string[]> = Object.create(null);
    const parameters = new URLSearchParams(body.toString());
    for (const name of new Set(parameters.keys())) {
      const values = parameters.getAll(name);
      fields[name] = values.length === 1 ? (values[0] ?? "") : values;
    }
    return fields;
  });
}
