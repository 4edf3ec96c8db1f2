/** An environment as Node hands it out. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Named like a secret, but a setting. */
const SETTINGS = new Set(["HF_HUB_DISABLE_IMPLICIT_TOKEN", "TOKENIZERS_PARALLELISM"]);

/** The CI or cloud that we may be running in ourselves must not show through. */
const FOREIGN_CI =
  /^(?:CI|CI_.*|CONTINUOUS_INTEGRATION|BUILD_.*|GITHUB_.*|ACTIONS_.*|RUNNER_.*|GITLAB_.*|CIRCLE.*|BITBUCKET_.*|BUILDKITE.*|FORGEJO_.*|GITEA_.*|TEAMCITY_.*|JENKINS_.*|TRAVIS.*|TF_BUILD|SYSTEM_.*|AGENT_.*|KUBERNETES_.*|AWS_.*|ECS_.*|CODEBUILD_.*|AZURE_.*|IDENTITY_.*|GOOGLE_.*|GCE_METADATA_.*|GAE_.*|CLOUD_RUN_.*|K_SERVICE|FUNCTION_TARGET)$/;

const SECRET_NAME =
  /TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|COOKIE|AUTH(?!OR)|DATABASE_URL|APIKEY|(?:^|_)(?:DSN|PAT|KEYS?)(?:_|$)/i;

/** Our own prefix, and URLs that carry a password, under whatever name they are kept. */
const SECRET_VALUE = /\bhf_[A-Za-z0-9]{10}|:\/\/[^/\s:@]*:[^/\s@]+@/;

/**
 * What a simulated job keeps of the environment around it: paths, locale, settings, nothing that proves an identity.
 *
 * A job that was started with a stored token in reach would pass here and fail on the provider.
 */
export function inheritedEnvironment(parent: Environment): Readonly<Record<string, string>> {
  const kept = Object.entries(parent).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isKept(entry[0], entry[1]),
  );
  return Object.fromEntries(kept);
}

function isKept(name: string, value: string): boolean {
  if (SETTINGS.has(name)) return true;
  if (FOREIGN_CI.test(name) || SECRET_NAME.test(name)) return false;
  return !SECRET_VALUE.test(value);
}
