import { connect, type Socket } from "node:net";

/** What one run of the load saw. Times in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Status line and body of the first answer that was not 200, for the reader of a failed run. */
  readonly firstFailure: string | undefined;
}

/**
 * Sends each body once over `connections` keep-alive connections, one request in flight on each.
 *
 * Raw sockets and a minimal reader of answers: the load must cost less than what it measures. Answers must carry `content-length`.
 */
export async function sendAll(
  target: { readonly host: string; readonly port: number; readonly path: string; readonly contentType: string },
  bodies: readonly string[],
  connections: number,
): Promise<LoadResult> {
  const latencies: number[] = [];
  let next = 0;
  let failures = 0;
  let firstFailure: string | undefined;
  const head = `POST ${target.path} HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\ncontent-type: ${target.contentType}\r\ncontent-length: `;
  const started = performance.now();

  const runConnection = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect(target.port, target.host);
      socket.setNoDelay(true);
      let received = "";
      let sentAt = 0;
      const send = (): void => {
        const body = bodies[next++];
        if (body === undefined) {
          socket.end();
          resolve();
          return;
        }
        sentAt = performance.now();
        socket.write(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
      };
      socket.setEncoding("latin1");
      socket.on("connect", send);
      socket.on("error", reject);
      socket.on("data", (chunk: string) => {
        received += chunk;
        const headEnd = received.indexOf("\r\n\r\n");
        if (headEnd < 0) return;
        const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd + 2))?.[1];
        if (length === undefined) return reject(new Error("an answer without content-length"));
        if (received.length < headEnd + 4 + Number(length)) return;
        latencies.push(performance.now() - sentAt);
        if (!received.startsWith("HTTP/1.1 200")) {
          failures++;
          firstFailure ??= received.slice(0, 800);
        }
        received = "";
        send();
      });
    });

  await Promise.all(Array.from({ length: connections }, runConnection));
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    requests: latencies.length,
    failures,
    seconds,
    perSecond: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    firstFailure,
  };
}
