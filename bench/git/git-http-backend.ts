import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { treeCpuSeconds } from "./tree-cpu.ts";

/** `git http-backend` behind nginx and fcgiwrap, as its manual page sets it up: what we are compared with. */
export interface GitHttpBackend extends AsyncDisposable {
  readonly url: string;
  /** CPU seconds of nginx, fcgiwrap and git. */
  cpuSeconds(): number;
  /** Makes an empty bare repo that anybody may push to. */
  init(name: string): void;
}

const BACKEND = "/usr/lib/git-core/git-http-backend";

/** @throws {Error} where nginx, fcgiwrap or the backend is missing. */
export async function startGitHttpBackend(folder: string): Promise<GitHttpBackend> {
  if (!existsSync(BACKEND)) throw new Error(`${BACKEND} is missing`);
  const repos = path.join(folder, "repos");
  const temporary = path.join(folder, "nginx");
  for (const made of [repos, temporary]) mkdirSync(made, { recursive: true });
  const socket = path.join(folder, "fcgi");
  const port = await freePort();
  const config = path.join(folder, "nginx.conf");
  writeFileSync(config, configOf(port, temporary, repos, socket));
  const home = { PATH: process.env.PATH, HOME: folder };
  const fcgiwrap = spawn("fcgiwrap", ["-c", "2", "-s", `unix:${socket}`], {
    stdio: "ignore",
    env: home,
    // Its workers outlive it otherwise.
    detached: true,
  });
  const nginx = spawn("nginx", ["-c", config, "-p", temporary], { stdio: "ignore", env: home });
  const url = `http://127.0.0.1:${port}`;
  await answers(url, [fcgiwrap, nginx]);
  return {
    url,
    cpuSeconds: () => treeCpuSeconds(nginx.pid ?? 0) + treeCpuSeconds(fcgiwrap.pid ?? 0),
    init: (name) => {
      const bare = path.join(repos, name);
      for (const args of [
        ["init", "--quiet", "--bare", "--initial-branch=main", bare],
        ["--git-dir", bare, "config", "http.receivepack", "true"],
      ])
        if (spawnSync("git", args, { env: home }).status !== 0) throw new Error(`git ${args.join(" ")} failed`);
    },
    [Symbol.asyncDispose]: async () => {
      nginx.kill("SIGTERM");
      if (fcgiwrap.pid !== undefined) process.kill(-fcgiwrap.pid, "SIGTERM");
    },
  };
}

function configOf(port: number, temporary: string, repos: string, socket: string): string {
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${temporary}/${name};`,
  );
  // Workers of another user could not reach the socket.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `
${user}
daemon off;
pid ${temporary}/pid;
error_log ${temporary}/error.log;
worker_processes 1;
events {}
http {
  access_log off;
  ${places.join("\n  ")}
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    location / {
      fastcgi_pass unix:${socket};
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REMOTE_USER bench;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param SCRIPT_FILENAME ${BACKEND};
      fastcgi_param GIT_PROJECT_ROOT ${repos};
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param PATH_INFO $uri;
    }
  }
}
`;
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
  });
  return await promise;
}

async function answers(url: string, children: readonly ChildProcess[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const failed = children.find(({ exitCode }) => exitCode !== null);
    if (failed !== undefined) throw new Error(`${failed.spawnfile} ended; is it installed?`);
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("nginx does not answer");
}
