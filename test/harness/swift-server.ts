import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { freePort } from "./server-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** OpenStack Swift behind its S3 API, on loopback, in a folder of its own. */
export interface SwiftServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What its processes printed, for a test that fails. */
  readonly output: () => string;
  /** Stops the front door and starts it again on the same port. */
  restartProxy(): Promise<void>;
  stopProxy(): Promise<void>;
}

const PROGRAMS: readonly string[] = [
  "swift-ring-builder",
  "swift-proxy-server",
  "swift-account-server",
  "swift-container-server",
  "swift-object-server",
  "memcached",
];

/**
 * Why Swift cannot be started here; `undefined` when it can. Debian: `apt-get install swift-proxy swift-account swift-container
 * swift-object memcached`.
 */
export function swiftMissing(): string | undefined {
  const missing = PROGRAMS.filter((program) => !existsSync(path.join("/usr/bin", program)));
  return missing.length === 0 ? undefined : `OpenStack Swift is not installed (${missing.join(", ")})`;
}

/** One replica on one "disk"; tempauth with one account. Nothing of `/etc/swift` is used. */
export async function startSwift(): Promise<SwiftServer> {
  const folder = temporaryFolder("swift");
  const at = (...parts: readonly string[]): string => path.join(folder.path, ...parts);
  mkdirSync(at("devices", "d1"), { recursive: true });
  writeFileSync(
    at("swift.conf"),
    "[swift-hash]\nswift_hash_path_prefix = postern\nswift_hash_path_suffix = tests\n\n" +
      "[storage-policy:0]\nname = Policy-0\ndefault = yes\n",
  );
  const ports = {
    object: await freePort(),
    container: await freePort(),
    account: await freePort(),
    proxy: await freePort(),
    memcached: await freePort(),
  };
  const common = (port: number): string =>
    `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${port}\nworkers = 0\nuser = ${userInfo().username}\n` +
    `swift_dir = ${folder.path}\ndevices = ${at("devices")}\nmount_check = false\ndisable_fallocate = true\n` +
    "fallocate_reserve = 0\nlog_level = WARNING\neventlet_debug = false\n";
  for (const kind of ["object", "container", "account"] as const) {
    writeFileSync(
      at(`${kind}-server.conf`),
      `${common(ports[kind])}\n[pipeline:main]\npipeline = ${kind}-server\n\n[app:${kind}-server]\nuse = egg:swift#${kind}\n`,
    );
    const builder = at(`${kind}.builder`);
    const ring = (...args: readonly string[]): Buffer =>
      execFileSync("/usr/bin/swift-ring-builder", [builder, ...args], { cwd: folder.path, stdio: "pipe" });
    ring("create", "2", "1", "1");
    ring("add", `r1z1-127.0.0.1:${ports[kind]}/d1`, "1");
    ring("rebalance");
  }
  const region = "us-east-1";
  writeFileSync(
    at("proxy-server.conf"),
    `${common(ports.proxy)}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth copy slo dlo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${ports.memcached}

[filter:tempauth]
use = egg:swift#tempauth
user_postern_tester = testing .admin

[filter:s3api]
use = egg:swift#s3api
location = ${region}
s3_acl = false
${["catch_errors", "gatekeeper", "healthcheck", "listing_formats", "copy", "slo", "dlo"]
  .map((name) => `\n[filter:${name}]\nuse = egg:swift#${name}\n`)
  .join("")}`,
  );
  let output = "";
  const start = (kind: string): ChildProcess => run(`swift-${kind}-server`, [at(`${kind}-server.conf`), "--verbose"]);
  const run = (program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(`/usr/bin/${program}`, args, {
      cwd: folder.path,
      env: { PATH: "/usr/bin:/bin", HOME: folder.path, LANG: "C.UTF-8" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-100_000);
      });
    }
    return child;
  };
  const stop = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  // Tempauth refuses to work without it.
  const memcached = run("memcached", ["-l", "127.0.0.1", "-p", String(ports.memcached), "-u", userInfo().username]);
  const backends = [memcached, ...["account", "container", "object"].map(start)];
  let proxy = start("proxy");
  const endpoint = `http://127.0.0.1:${ports.proxy}`;
  const ready = async (): Promise<void> => {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const up = await Promise.all(
        [`${endpoint}/healthcheck`, ...[ports.account, ports.container, ports.object].map(recon)].map((url) =>
          fetch(url).then(
            (response) => response.body?.cancel().then(() => true) ?? true,
            () => false,
          ),
        ),
      );
      if (up.every(Boolean)) return;
      if (Date.now() > deadline) throw new Error(`Swift did not start:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const dispose = async (): Promise<void> => {
    await Promise.all([proxy, ...backends].map(stop));
    folder[Symbol.dispose]();
  };
  await ready().catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  return {
    endpoint,
    region,
    accessKeyId: "postern:tester",
    secretAccessKey: "testing",
    output: () => output,
    stopProxy: () => stop(proxy),
    restartProxy: async () => {
      await stop(proxy);
      proxy = start("proxy");
      await ready();
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Anything that a backend answers; it needs no more than to listen. */
function recon(port: number): string {
  return `http://127.0.0.1:${port}/recon/version`;
}
