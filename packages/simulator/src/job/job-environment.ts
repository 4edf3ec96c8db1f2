import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { SimulatedIssuer, TokenRequest } from "../issuer/simulated-issuer.ts";
import { type Environment, inheritedEnvironment } from "./inherited-environment.ts";
import { openJobEndpoint } from "./job-endpoint.ts";

export interface JobOptions extends Omit<TokenRequest, "audience"> {
  /**
   * Audiences of a token that is ready made: of GitLab's `id_tokens`, in one variable `POSTERN_ID_TOKEN`, and of Bitbucket's step
   * token. Other jobs choose theirs when they ask.
   */
  readonly audiences?: readonly string[];
  /** GitLab's `id_tokens` in full, variable name to audiences; replaces `audiences`. */
  readonly idTokens?: Readonly<Record<string, readonly string[]>>;
  /** What the job keeps its `PATH`, `HOME` and settings from; everything that proves an identity is left behind. */
  readonly parentEnv: Environment;
  /** Added as a workflow's own `env:` would be. Nothing is left out of it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the checkout lies; a fresh directory when left out. */
  readonly workingDirectory?: string;
}

/** A job's surroundings. Disposing of them removes the files and closes the job's token endpoint. */
export interface JobEnvironment extends AsyncDisposable {
  readonly variables: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

/** The variable that holds a GitLab job's token unless `idTokens` says otherwise. */
export const GITLAB_TOKEN_VARIABLE = "POSTERN_ID_TOKEN";

/** Prepares everything that a job of the issuer's provider sees, without starting it. */
export async function jobEnvironment(issuer: SimulatedIssuer, options: JobOptions): Promise<JobEnvironment> {
  const directory = await mkdtemp(join(tmpdir(), "postern-job-"));
  const workingDirectory = options.workingDirectory ?? join(directory, "work");
  const closers: (() => void)[] = [];
  const dispose = async (): Promise<void> => {
    for (const close of closers) close();
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const job = {
      issuer: issuer.url,
      scenario: options.scenario ?? "trusted",
      claims: issuer.jobClaims(options),
      directory,
      workingDirectory,
      idTokens: options.idTokens ?? { [GITLAB_TOKEN_VARIABLE]: options.audiences ?? [] },
      audiences: options.audiences ?? [],
    };
    const {
      variables,
      files,
      commands = {},
    } = await issuer.provider.surroundings(job, {
      openRequestEndpoint: () => {
        const opened = issuer.openJob(options);
        closers.push(opened.close);
        return { url: `${issuer.url}/jobs/${opened.id}/idtoken`, bearer: opened.bearer };
      },
      serve: async (answer) => {
        const opened = await openJobEndpoint(issuer, answer);
        closers.push(opened.close);
        return opened.origin;
      },
      issue: (audience) => issuer.issue({ ...options, audience }),
    });
    await writeFiles(directory, files, 0o600);
    const tools = join(directory, "bin");
    await writeFiles(tools, commands, 0o700);
    await mkdir(join(directory, "work"), { recursive: true });
    const inherited = inheritedEnvironment(options.parentEnv);
    const own = {
      ...inherited,
      ...(Object.keys(commands).length === 0
        ? {}
        : { PATH: [tools, ...(inherited.PATH === undefined ? [] : [inherited.PATH])].join(delimiter) }),
      // A fresh runner has no login of its owner's: stored tokens and caches lie below HF_HOME.
      HF_HOME: join(directory, "huggingface"),
    };
    return { variables: { ...own, ...variables, ...options.env }, workingDirectory, [Symbol.asyncDispose]: dispose };
  } catch (cause) {
    await dispose();
    throw cause;
  }
}

async function writeFiles(directory: string, files: Readonly<Record<string, string>>, mode: number): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode });
  }
}
