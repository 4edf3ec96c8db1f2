import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How slowly a request's body may come. */
export interface BodyPace {
  /** Milliseconds of waiting for a body before its rate counts. */
  readonly graceMs: number;
  /** Bytes per second of waiting, on average since the request began; 0 sets no pace. */
  readonly bytesPerSecond: number;
  /** Milliseconds from one look at the running bodies to the next. */
  readonly checkEveryMs: number;
}

interface RunningBody {
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** What the connection had brought when the request began. */
  readonly bytesBefore: number;
  waitedMs: number;
}

/**
 * Ends requests whose body comes too slowly: a timeout between two bytes alone lets a body of one byte a minute hold its connection, and
 * what its handler holds, for as long as somebody likes.
 *
 * Only time in which the server waits for the client counts. While it does not read (a full disk queue, a repository that is locked) its
 * buffer is full, and an honest client can send no more.
 *
 * @returns what stops the watch.
 */
export function watchBodyPace(server: Server, { graceMs, bytesPerSecond, checkEveryMs }: BodyPace): () => void {
  if (bytesPerSecond === 0) return () => undefined;
  const running = new Map<IncomingMessage, RunningBody>();
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    if (!announcesBody(request)) return;
    const { socket } = request;
    running.set(request, { response, socket, bytesBefore: socket.bytesRead, waitedMs: 0 });
    request.once("close", () => running.delete(request));
  });
  const timer = setInterval(() => {
    for (const [request, body] of running) {
      if (request.complete || request.destroyed) running.delete(request);
      if (request.complete || request.destroyed || waitsForUs(request)) continue;
      body.waitedMs += checkEveryMs;
      const received = body.socket.bytesRead - body.bytesBefore;
      if (body.waitedMs <= graceMs || received >= (body.waitedMs / 1000) * bytesPerSecond) continue;
      running.delete(request);
      cut(body);
    }
  }, checkEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

function announcesBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

function waitsForUs(request: IncomingMessage): boolean {
  return request.readableLength >= request.readableHighWaterMark;
}

function cut({ response, socket }: RunningBody): void {
  // A client that stopped sending may be listening. An answer that has begun is cut off, so that nobody takes it for whole.
  if (response.headersSent || !socket.writable) socket.destroy();
  else {
    socket.write("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    socket.destroySoon();
  }
}
