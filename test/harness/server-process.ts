import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { posternCommand } from "./run-command.ts";

/** `postern serve` as a process of its own, which can be killed. */
export interface ServerProcess {
  readonly url: string;
  /** Everything it printed so far. */
  readonly output: () => string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts the command and waits until `/readyz` answers. @throws when it ends before. */
export async function startServerProcess(options: {
  readonly port: number;
  readonly dataDir: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}): Promise<ServerProcess> {
  const [node, postern] = posternCommand;
  const child: ChildProcess = spawn(
    node,
    [postern, "serve", "--port", String(options.port), "--data", options.dataDir, ...(options.args ?? [])],
    {
      env: { PATH: process.env.PATH, HOME: options.dataDir, NO_COLOR: "1", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${options.port}`;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended before it was ready:\n${output}`);
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    output: () => output,
    kill: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}
