import { connect, type Socket } from "node:net";

/** One request that is due, from one local address. */
export interface PacedRequest {
  readonly body: string;
  /** A loopback address; the whole of 127.0.0.0/8 is usable on Linux. */
  readonly localAddress: string;
}

/** What came back. */
export interface PacedResult {
  readonly sent: number;
  /** Answers by status; `0` counts requests without an answer when the load ended. */
  readonly statuses: ReadonlyMap<number, number>;
  /** In milliseconds, sorted, from the moment a request was due, so that a late start counts as waiting. */
  readonly latencies: readonly number[];
  /** How late the latest request was sent, in milliseconds: the load generator's own stalls. */
  readonly latestMs: number;
}

interface Connection {
  readonly socket: Socket;
  received: string;
  dueAt: number;
}

/** Longest wait for answers after the last request, in milliseconds. */
const PATIENCE_MS = 5000;

/**
 * Sends requests at a fixed rate, whatever the answers do: a slow server gets no fewer of them. Connections are kept alive and reused
 * per local address, one request in flight on each; a new one is opened when none is free.
 */
export async function sendPaced(
  target: { readonly host: string; readonly port: number; readonly path: string },
  load: { readonly perSecond: number; readonly seconds: number; readonly next: (index: number) => PacedRequest },
): Promise<PacedResult> {
  const idle = new Map<string, Connection[]>();
  const all = new Set<Connection>();
  const statuses = new Map<number, number>();
  const latencies: number[] = [];
  const total = Math.round(load.perSecond * load.seconds);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let [sent, latestMs] = [0, 0];

  const count = (status: number): void => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const open = (localAddress: string): Connection => {
    const socket = connect({ host: target.host, port: target.port, localAddress });
    const connection: Connection = { socket, received: "", dueAt: 0 };
    all.add(connection);
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("error", () => socket.destroy());
    socket.on("close", () => all.delete(connection));
    socket.on("data", (chunk: string) => {
      connection.received += chunk;
      const status = completeStatus(connection.received);
      if (status === undefined) return;
      connection.received = "";
      latencies.push(performance.now() - connection.dueAt);
      count(status);
      if (idle.get(localAddress)?.push(connection) === undefined) idle.set(localAddress, [connection]);
      if (latencies.length === total) end();
    });
    return connection;
  };

  const started = performance.now();
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * load.perSecond));
    for (; sent < due; sent++) {
      const { body, localAddress } = load.next(sent);
      const free = idle.get(localAddress)?.pop();
      const connection = free === undefined || free.socket.destroyed ? open(localAddress) : free;
      // The moment at which the number of requests that are due grew to include this one.
      connection.dueAt = started + ((sent + 1) * 1000) / load.perSecond;
      latestMs = Math.max(latestMs, performance.now() - connection.dueAt);
      connection.socket.write(
        `POST ${target.path} HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    }
  }, 1);
  const limit = setTimeout(end, load.seconds * 1000 + PATIENCE_MS);
  await ended;
  clearInterval(timer);
  clearTimeout(limit);
  for (const { socket } of all) socket.destroy();
  for (let missing = sent - latencies.length; missing > 0; missing--) count(0);
  return { sent, statuses, latencies: latencies.toSorted((a, b) => a - b), latestMs };
}

/** The status of an answer that has arrived whole; answers must carry `content-length`. */
function completeStatus(received: string): number | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd + 2))?.[1]);
  if (received.length < headEnd + 4 + length) return undefined;
  return Number(received.slice(9, 12));
}
