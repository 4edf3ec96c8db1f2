import type { FastifyInstance } from "fastify";
import { readCardData } from "../repos/card-data.ts";
import { RequestFields } from "./request-fields.ts";

/** `POST /api/validate-yaml`: always JSON, because clients parse it whatever the status (hub-wire §4). */
export function registerYamlRoute(app: FastifyInstance): void {
  app.post(
    "/api/validate-yaml",
    { bodyLimit: 4 * 1024 * 1024, config: { audit: { none: "it looks at a text and keeps nothing" } } },
    async (request, reply) => {
      const { errors } = readCardData(RequestFields.of(request.body).optionalText("content") ?? "");
      const body = { errors: errors.map((message) => ({ message })), warnings: [] };
      if (errors.length === 0) return reply.send(body);
      return reply.code(400).send({ error: `Invalid metadata in README.md: ${errors.join(" ")}`, ...body });
    },
  );
}
