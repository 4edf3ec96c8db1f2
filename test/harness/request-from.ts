import { request } from "node:http";
import { text } from "node:stream/consumers";

/** An answer to a request that left by an address of the caller's choice. */
export interface AnswerFrom {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface RequestFrom {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Sends from one of the loopback addresses 127.0.0.0/8, all of which are this machine (Linux). `fetch` cannot choose. */
export async function requestFrom(
  localAddress: string,
  url: string,
  { method = "GET", headers = {}, body }: RequestFrom = {},
): Promise<AnswerFrom> {
  const { promise, resolve, reject } = Promise.withResolvers<AnswerFrom>();
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const outgoing = request(url, { method, localAddress, headers: { ...length, ...headers } });
  outgoing.once("error", reject);
  outgoing.once("response", (incoming) => {
    const answered = new Headers();
    for (const [name, values] of Object.entries(incoming.headersDistinct))
      for (const value of values ?? []) answered.append(name, value);
    text(incoming).then((read) => resolve({ status: incoming.statusCode ?? 0, headers: answered, text: read }), reject);
  });
  outgoing.end(body);
  return promise;
}
