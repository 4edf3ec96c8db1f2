import type { IncomingMessage, ServerResponse } from "node:http";

/** Bytes that a refused body may run over its announced size before the connection is cut. */
const GRACE = 16 * 1024 * 1024;

/**
 * The body of an upload of `size` bytes, piece by piece, as long as it keeps coming. Each piece is valid only until the next is asked for.
 *
 * When the reader stops early (a full disk, a byte too many) the rest is thrown away instead of left standing: a client that
 * sends before it listens, as the Python one does, would hang or see a broken pipe where the answer says what is wrong. Only a body
 * that runs on far beyond its size is cut off.
 *
 * @param idleMs - Milliseconds without a byte after which the connection is ended, which fails the body as if the client had gone.
 */
export async function* uploadBody(
  body: IncomingMessage,
  response: ServerResponse,
  size: number,
  idleMs: number,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  let complete = false;
  // Nobody listens for the timeout, so Node ends the connection.
  body.socket.setTimeout(idleMs);
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      received += chunk.length;
      yield chunk;
      giveBack(chunk);
    }
    complete = true;
  } finally {
    body.socket.setTimeout(0);
    if (!complete) discard(body, response, size - received + GRACE);
  }
}

function discard(body: IncomingMessage, response: ServerResponse, allowance: number): void {
  let left = allowance;
  body.on("data", (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left >= 0) return;
    body.pause();
    if (response.writableFinished) body.destroy();
    else response.once("finish", () => body.destroy());
  });
  // The iterator left the stream paused, and then a listener alone starts nothing.
  body.resume();
}

/**
 * Frees a piece at once. Pieces lie outside of V8's heap and would wait there for a full collection of everything, several a second:
 * measured, two fifths of the server's CPU time in an upload.
 */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  // A buffer that holds more than this piece is not ours alone.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
