import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";

/** One RSA key for all servers of a run, so that they verify the same tokens. */
export const keyPair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
});
export const keyId = "bench-key";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A subject token with the claims of a GitHub Actions job, good for ten minutes, with its own `jti`. */
export function subjectToken(issuer: string, audience: string, repository = "acme/train"): string {
  const now = Math.floor(Date.now() / 1000);
  const [owner = ""] = repository.split("/");
  const claims = {
    iss: issuer,
    aud: audience,
    sub: `repo:${owner}@123456/train@456789:ref:refs/heads/main`,
    jti: randomUUID(),
    iat: now,
    nbf: now - 300,
    exp: now + 600,
    repository,
    repository_id: "456789",
    repository_owner: owner,
    repository_owner_id: "123456",
    repository_visibility: "public",
    ref: "refs/heads/main",
    ref_type: "branch",
    ref_protected: "true",
    sha: "9f31a0c4".repeat(5),
    workflow: "Publish model",
    workflow_ref: `${repository}/.github/workflows/publish.yml@refs/heads/main`,
    workflow_sha: "9f31a0c4".repeat(5),
    job_workflow_ref: `${repository}/.github/workflows/publish.yml@refs/heads/main`,
    job_workflow_sha: "9f31a0c4".repeat(5),
    event_name: "push",
    head_ref: "",
    base_ref: "",
    actor: "octocat",
    actor_id: "12",
    run_id: "8812",
    run_number: "10",
    run_attempt: "1",
    runner_environment: "github-hosted",
  };
  const signed = `${encode({ alg: "RS256", kid: keyId, typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), keyPair.privateKey).toString("base64url")}`;
}
