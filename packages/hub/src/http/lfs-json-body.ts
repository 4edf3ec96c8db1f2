import type { FastifyInstance } from "fastify";

/** Bytes: a batch of 1,000 objects, or the ETags of 1,000 parts, with room to spare. */
const JSON_BODY_LIMIT = 1024 * 1024;

/**
 * Makes the routes of `scope` read any body as JSON, whatever type it claims: LFS clients send `application/vnd.git-lfs+json`,
 * Python sends `application/json`, some send none.
 *
 * What is no JSON becomes `undefined`, so that the handler refuses it after it has looked at the caller's rights.
 */
export function acceptJson(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "string", bodyLimit: JSON_BODY_LIMIT }, (_, body, done) => {
    try {
      done(null, JSON.parse(String(body)));
    } catch {
      done(null, undefined);
    }
  });
}
