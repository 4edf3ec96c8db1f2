import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { limitAddressConnections } from "./address-connections.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  perAddress: number,
  trustedProxies: readonly string[] = [],
  host = "127.0.0.1",
): Promise<{ readonly told: readonly string[]; readonly open: (from?: string) => Promise<Socket | undefined> }> {
  const told: string[] = [];
  const server = createServer((_request, response) => response.end("served"));
  limitAddressConnections(server, { perAddress, trustedProxies, onLimit: (address) => told.push(address) });
  server.listen(0, host);
  await once(server, "listening");
  servers.push(server);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { told, open: (from) => served(connect({ port, host: "127.0.0.1", localAddress: from })) };
}

/** The connection, once it was given an answer; `undefined` when it was ended instead. */
async function served(socket: Socket): Promise<Socket | undefined> {
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const { promise: answered, resolve } = Promise.withResolvers<boolean>();
  socket.once("data", () => resolve(true)).once("close", () => resolve(false));
  return (await answered) ? socket : undefined;
}

async function countOf(opened: readonly Promise<Socket | undefined>[]): Promise<number> {
  return (await Promise.all(opened)).filter((socket) => socket !== undefined).length;
}

describe("connections of one address", () => {
  it("are served up to the limit and ended above it, which is said once", async () => {
    const { open, told } = await serve(3);
    expect(await countOf(Array.from({ length: 8 }, () => open()))).toBe(3);
    expect(told).toEqual(["127.0.0.1"]);
  });

  it("take nothing from other addresses", async () => {
    const { open } = await serve(1);
    expect(await countOf([open("127.0.0.1"), open("127.0.0.1")])).toBe(1);
    expect(await open("127.0.0.2")).toBeDefined();
  });

  it("may be opened again when others have ended", async () => {
    const { open } = await serve(1);
    for (let round = 0; round < 5; round += 1) {
      const socket = await open();
      expect(socket, `round ${round}`).toBeDefined();
      expect(await open()).toBeUndefined();
      socket?.end();
      if (socket !== undefined) await once(socket, "close");
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it.each(["127.0.0.1", "127.0.0.9/8", "127.0.0.0/255.0.0.0", "loopback"])(
    "are not counted when they come from the trusted proxy %s",
    async (proxy) => {
      const { open, told } = await serve(1, ["10.0.0.5", "fd00::/8", proxy]);
      expect(await countOf(Array.from({ length: 6 }, () => open()))).toBe(6);
      expect(told).toEqual([]);
    },
  );

  it("are counted, and proxies known, on a socket that listens on IPv6 too", async () => {
    const counted = await serve(1, ["10.0.0.5"], "::");
    expect(await countOf([counted.open(), counted.open()])).toBe(1);
    const trusted = await serve(1, ["127.0.0.1"], "::");
    expect(await countOf([trusted.open(), trusted.open()])).toBe(2);
  });

  it("may be any number with a limit of 0", async () => {
    const { open } = await serve(0);
    expect(await countOf(Array.from({ length: 6 }, () => open()))).toBe(6);
  });
});
