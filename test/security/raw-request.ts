import { connect } from "node:net";

/** Sends bytes as they are and returns everything that came back until the connection ended; for what `fetch` refuses to send. */
export function rawRequest(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(request, "latin1"));
    let answer = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

/** One request that ends its connection. Lines are header lines, without `Connection`. */
export function rawHead(url: string, line: string, headers: readonly string[]): Promise<string> {
  const host = headers.some((header) => /^host:/i.test(header)) ? [] : [`Host: ${new URL(url).host}`];
  return rawRequest(url, [line, ...host, ...headers, "Connection: close", "", ""].join("\r\n"));
}

/** The status of a raw answer. */
export function rawStatus(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? Number.NaN);
}
