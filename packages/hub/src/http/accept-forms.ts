import type { FastifyInstance, FastifyRequest } from "fastify";

/** Lets a scope read `application/x-www-form-urlencoded`; a name that occurs several times becomes a list. */
export function acceptForms(scope: FastifyInstance): void {
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    async (_request: FastifyRequest, body: string | Buffer) => {
      const fields: Record<string, string | string[]> = Object.create(null);
      const parameters = new URLSearchParams(body.toString());
      for (const name of new Set(parameters.keys())) {
        const values = parameters.getAll(name);
        fields[name] = values.length === 1 ? (values[0] ?? "") : values;
      }
      return fields;
    },
  );
}
