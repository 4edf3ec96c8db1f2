import { expect, test } from "vitest";
import { inheritedEnvironment } from "./inherited-environment.ts";

const KEPT = {
  PATH: "/usr/bin",
  HOME: "/home/ada",
  LANG: "C.UTF-8",
  TERM: "xterm",
  NODE_OPTIONS: "--no-warnings",
  GIT_AUTHOR_NAME: "Ada",
  HTTPS_PROXY: "http://proxy.example:3128",
  HF_ENDPOINT: "http://127.0.0.1:8080",
  HF_OIDC_RESOURCE: "models/acme/train",
  HF_DEBUG: "1",
  HF_HUB_DISABLE_IMPLICIT_TOKEN: "1",
  KEYBOARD: "de",
};

const STRIPPED = {
  HF_TOKEN: "x",
  HF_TOKEN_PATH: "/home/ada/token",
  HUGGING_FACE_HUB_TOKEN: "x",
  HF_OIDC_ID_TOKEN: "x",
  POSTERN_ADMIN_TOKEN: "x",
  POSTERN_ID_TOKEN: "x",
  POSTERN_DATABASE_URL: "x",
  GITHUB_TOKEN: "x",
  GH_TOKEN: "x",
  GITHUB_ACTIONS: "true",
  GITHUB_REPOSITORY: "real/repo",
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://real.example",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "x",
  ACTIONS_RUNTIME_URL: "https://real.example",
  RUNNER_TEMP: "/tmp/real",
  CI: "true",
  CI_JOB_JWT: "x",
  CI_PROJECT_PATH: "real/repo",
  GITLAB_CI: "true",
  CIRCLECI: "true",
  CIRCLE_OIDC_TOKEN: "x",
  BITBUCKET_STEP_OIDC_TOKEN: "x",
  BUILDKITE_JOB_ID: "x",
  AWS_ACCESS_KEY_ID: "x",
  AWS_SECRET_ACCESS_KEY: "x",
  GOOGLE_APPLICATION_CREDENTIALS: "/x",
  STRIPE_KEY: "x",
  npm_config__authToken: "x",
  NPM_CONFIG_PASSWORD: "x",
  SSH_AUTH_SOCK: "/x",
  INNOCENT: "prefix hf_abcdefghijklmnop",
  MIRROR: "https://ada:pass@mirror.example/simple",
  UNSET: undefined,
};

test("keeps paths, locale and settings", () => {
  expect(inheritedEnvironment(KEPT)).toEqual(KEPT);
});

test("leaves secrets and the CI around it behind", () => {
  expect(inheritedEnvironment(STRIPPED)).toEqual({});
});
