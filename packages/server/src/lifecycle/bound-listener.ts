import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ConfigError } from "../config/config-error.ts";

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A listening socket whose handler may come later: the port must be known before tokens can name their audience. */
export interface BoundListener {
  readonly server: Server;
  /** `http://host:port` as a client on this machine would write it. */
  readonly origin: string;
  /** Where requests will go once it is open. */
  attach(handler: RequestHandler): void;
  /** From now on requests are served; until then they are told to come back. */
  open(): void;
  /** Stops accepting, lets running requests end for at most `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** How long a connection may take over the line and the headers of a request. */
export interface HeaderTimes {
  readonly limitMs: number;
  /** Milliseconds from one look at the connections to the next: the limit may be exceeded by that much. */
  readonly checkEveryMs: number;
}

const HEADER_TIMES: HeaderTimes = { limitMs: 20_000, checkEveryMs: 5000 };

/** @throws {ConfigError} when the address is taken or not ours. */
export async function bindListener(
  host: string,
  port: number,
  headers: HeaderTimes = HEADER_TIMES,
): Promise<BoundListener> {
  let handler: RequestHandler | undefined;
  let isOpen = false;
  const server = createServer(
    // A slow sender of headers, or of nothing at all, is cut; a long upload is not, as long as it keeps its pace (`watchBodyPace`) and
    // is never idle for two minutes (`timeout`).
    {
      headersTimeout: headers.limitMs,
      connectionsCheckingInterval: headers.checkEveryMs,
      requestTimeout: 0,
      maxHeaderSize: 32 * 1024,
      keepAliveTimeout: 72_000,
      noDelay: true,
    },
    (request, response) => {
      if (isOpen && handler !== undefined) return handler(request, response);
      response.writeHead(503, { "retry-after": "1", connection: "close" }).end();
    },
  );
  server.timeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(toConfigError(host, port, cause)));
    server.listen(port, host, resolve);
  });
  server.on("clientError", (error, socket) => {
    const isSlow = "code" in error && error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    const status = isSlow ? "408 Request Timeout" : "400 Bad Request";
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    else socket.destroy();
  });
  return {
    server,
    origin: originOf(server, host),
    attach: (given) => {
      handler = given;
    },
    open: () => {
      isOpen = true;
    },
    close: (graceMs) => closeGently(server, graceMs),
  };
}

async function closeGently(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection whose request has just ended is idle, kept alive, and would hold the stop up.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}

function originOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function toConfigError(host: string, port: number, cause: NodeJS.ErrnoException): ConfigError {
  switch (cause.code) {
    case "EADDRINUSE":
      return new ConfigError(
        "port",
        `${host}:${port} is taken by another program`,
        "--port 8081, or --port 0 for any free one",
      );
    case "EACCES":
      return new ConfigError("port", `this user may not listen on ${host}:${port}`, "--port 8080");
    default:
      return new ConfigError(
        "host",
        `cannot listen on ${host}:${port} (${cause.code ?? cause.message})`,
        "--host 127.0.0.1",
      );
  }
}
