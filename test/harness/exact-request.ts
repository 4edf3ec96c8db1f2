import { request as httpRequest } from "node:http";

export interface ExactAnswer {
  readonly status: number;
  readonly text: string;
}

/** A request whose path goes out as it is: `fetch` resolves `..` and `%2e%2e` before it sends them. */
export function exactRequest(
  method: string,
  origin: string,
  path: string,
  options: { readonly token?: string; readonly body?: unknown } = {},
): Promise<ExactAnswer> {
  const { hostname, port } = new URL(origin);
  const { token, body } = options;
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ method, hostname, port, path, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", reject).end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
  });
}
