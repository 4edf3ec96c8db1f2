import { type RunningServer, type StartServerOptions, startServer } from "@postern/server";
import { type SimulatedProviderId, type Simulator, startSimulator } from "@postern/simulator";
import { temporaryFolder } from "./temporary-folder.ts";

/** A JSON answer of the hub. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; `undefined` when it is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they assert
  readonly json: any;
}

/** A real server with real issuers beside it, on loopback, in a folder of its own. */
export interface RunningHub extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  readonly adminToken: string;
  readonly simulator: Simulator;
  readonly server: RunningServer;
  call(
    method: string,
    path: string,
    options?: {
      readonly token?: string | undefined;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    },
  ): Promise<Answer>;
  /** Makes a user and one write token for it. */
  user(name: string, role?: "read" | "write"): Promise<string>;
  repo(
    path: string,
    options?: { readonly private?: boolean; readonly type?: string; readonly token?: string },
  ): Promise<void>;
  publisher(target: string, publisher: Readonly<Record<string, unknown>>, token?: string): Promise<Answer>;
  exchange(subjectToken: string, resource: string, extra?: Readonly<Record<string, unknown>>): Promise<Answer>;
}

/** The claims that the simulator's default GitHub job carries, as a publisher names them. */
export const GITHUB_CLAIMS = {
  repository: "acme/train",
  repository_id: "456789",
  repository_owner_id: "123456",
  branch: "main",
  workflow: "publish.yml",
} as const;

export async function startHub(
  options: { readonly log?: (line: string) => void } & Pick<
    StartServerOptions,
    "dataDir" | "limits" | "requestLimits" | "connections" | "trustedProxies" | "environment"
  > = {},
): Promise<RunningHub> {
  const folder = temporaryFolder("hub");
  const dataDir = options.dataDir ?? folder.path;
  const simulator = await startSimulator();
  const server = await startServer({
    port: 0,
    dataDir,
    bootstrapAdmin: "root-admin",
    trustedProxies: options.trustedProxies,
    // Every test comes from one address; the limits have tests of their own.
    limits: {
      refusedPerMinute: 0,
      dryRunsPerMinute: 0,
      unknownKeysPerMinute: 0,
      tokenFailures: 0,
      refusalFloorMs: 0,
      ...options.limits,
    },
    requestLimits: { api: 0, apiAnonymous: 0, resolve: 0, resolveAnonymous: 0, ...options.requestLimits },
    connections: options.connections,
    log: options.log ?? "silent",
    environment: options.environment,
  });
  const adminToken = server.firstRun?.adminToken;
  if (adminToken === undefined) throw new Error("the first start gave no administrator token");

  const call: RunningHub["call"] = async (method, path, { token, body, headers = {} } = {}) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      redirect: "manual",
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined || body instanceof URLSearchParams || typeof body === "string"
          ? {}
          : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: body instanceof URLSearchParams || typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parseJson(text) };
  };
  const must = async (answer: Promise<Answer>): Promise<Answer> => {
    const { status, text, ...rest } = await answer;
    if (status >= 300) throw new Error(`preparing the hub failed: ${status} ${text}`);
    return { status, text, ...rest };
  };

  for (const provider of ["github", "gitlab"] satisfies readonly SimulatedProviderId[]) {
    await must(
      call("POST", "/api/postern/v1/issuers", {
        token: adminToken,
        body: { provider, url: simulator.issuerUrl(provider), allow_origins: [simulator.origin] },
      }),
    );
  }
  const dispose = async (): Promise<void> => {
    await server.close();
    await simulator.close();
    folder[Symbol.dispose]();
  };
  return {
    url: server.url,
    dataDir,
    adminToken,
    simulator,
    server,
    call,
    user: async (name, role = "write") => {
      await must(call("POST", "/api/postern/v1/users", { token: adminToken, body: { name } }));
      return (await must(call("POST", "/api/postern/v1/tokens", { token: adminToken, body: { user: name, role } })))
        .json.token;
    },
    repo: async (path, { private: isPrivate = false, type = "model", token = adminToken } = {}) => {
      const [organization, name] = path.split("/");
      await must(
        call("POST", "/api/repos/create", {
          token,
          body: { organization, name, type, visibility: isPrivate ? "private" : "public" },
        }),
      );
    },
    publisher: (target, publisher, token = adminToken) =>
      call("POST", `/api/postern/v1/${target}/publishers`, { token, body: publisher }),
    exchange: (subjectToken, resource, extra = {}) =>
      call("POST", "/oauth/token", {
        body: {
          grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
          subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
          subject_token: subjectToken,
          resource,
          ...extra,
        },
      }),
    [Symbol.asyncDispose]: dispose,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
