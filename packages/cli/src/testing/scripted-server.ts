import { createServer, type IncomingMessage } from "node:http";

export interface SeenRequest {
  readonly method: string;
  /** Path and query, exactly as sent. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly body: Buffer;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects go out as JSON, buffers and text as they are. */
  readonly body?: unknown;
  /** Break the connection after the body. */
  readonly cut?: boolean;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
}

/** A real HTTP server on loopback that answers as the test says and remembers what it was asked. */
export async function startScriptedServer(
  answer: (request: SeenRequest) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = {
      method: incoming.method ?? "",
      url: incoming.url ?? "",
      authorization: incoming.headers.authorization,
      range: incoming.headers.range,
      body: await readBody(incoming),
    };
    seen.push(request);
    const { status = 200, headers = {}, body = {}, cut = false } = await answer(request);
    const raw = typeof body === "string" || Buffer.isBuffer(body);
    outgoing.writeHead(status, { "content-type": raw ? "application/octet-stream" : "application/json", ...headers });
    if (cut) outgoing.write(String(body), () => incoming.socket.destroy());
    else outgoing.end(raw ? body : JSON.stringify(body));
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}
