import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A request as it arrived. */
export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** A reply, or a function that takes the raw response into its own hands. */
export type Behaviour = Reply | ((response: ServerResponse) => void);

/** A real HTTP server on a free loopback port that keeps what it received. */
export class LocalServer {
  readonly received: Received[] = [];
  /** Answers the n-th request, counted from 0. */
  behave: (request: Received, n: number) => Behaviour | Promise<Behaviour>;
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  constructor(behave: LocalServer["behave"]) {
    this.behave = behave;
  }

  static async start(behave: LocalServer["behave"]): Promise<LocalServer> {
    const server = new LocalServer(behave);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get origin(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server is not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const received: Received = {
      method: request.method ?? "",
      url: new URL(request.url ?? "/", this.origin),
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    const n = this.received.push(received) - 1;
    const behaviour = await this.behave(received, n);
    if (typeof behaviour === "function") return behaviour(response);
    const { status = 200, headers = {}, body = {} } = behaviour;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
  }
}
