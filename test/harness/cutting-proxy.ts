import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";

/** `up` goes to the server, `down` comes from it. */
export type Direction = "up" | "down";

/** Where the line breaks: behind this many bytes that go in this direction, over all connections. */
export interface Cut {
  readonly direction: Direction;
  readonly bytes: number;
  /** Whether both ends see a reset, or the connection just ends. */
  readonly reset: boolean;
}

/** A line to a server that breaks where it is told to. */
export interface CuttingProxy extends AsyncDisposable {
  /** Where the server is reached by way of this line. */
  readonly url: string;
  /** Counts from zero, and breaks every open connection once, at this point if there is one; later connections hold. */
  start(cut?: Cut): void;
  /** Holds from now on, and counts no further. */
  hold(): void;
  /** Bytes between the last `start` and the last `hold`. */
  passed(direction: Direction): number;
  /** How often it has broken. */
  readonly breaks: number;
}

/** Listens on loopback and passes everything on to `target`. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let cut: Cut | undefined;
  let breaks = 0;
  let counts = true;
  let passed = { up: 0, down: 0 };

  const cutNow = (reset: boolean): void => {
    breaks += 1;
    for (const socket of open) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  };
  const counting = (direction: Direction): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const left = cut?.direction === direction ? cut.bytes - passed[direction] : Number.POSITIVE_INFINITY;
        const through = chunk.subarray(0, Math.max(0, Math.min(chunk.length, left)));
        if (counts) passed[direction] += through.length;
        if (through.length > 0) this.push(through);
        if (left <= chunk.length && cut !== undefined) {
          const { reset } = cut;
          // What was let through goes out first: a half that the other end has seen is the harder case.
          setTimeout(() => cutNow(reset), 5);
          cut = undefined;
          return;
        }
        done();
      },
    });
  // Each direction ends by itself: an answer may still be on its way when the server has closed its side.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.on("error", () => other.destroy()).on("close", () => open.delete(socket));
    }
    client.pipe(counting("up")).pipe(upstream);
    upstream.pipe(counting("down")).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    start: (next) => {
      cut = next;
      counts = true;
      passed = { up: 0, down: 0 };
    },
    hold: () => {
      cut = undefined;
      counts = false;
    },
    passed: (direction) => passed[direction],
    get breaks() {
      return breaks;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
