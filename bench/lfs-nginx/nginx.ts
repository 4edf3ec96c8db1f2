import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";

/** nginx on loopback, with `sendfile` and `PUT`. */
export interface Nginx {
  readonly url: string;
  stop(): Promise<void>;
}

/** Debian: `apt-get install nginx-light`. One worker, as our server is one process; everything else as Debian ships it. */
export async function startNginx(folder: string, docroot: string, port: number): Promise<Nginx> {
  mkdirSync(path.join(folder, "body"), { recursive: true });
  mkdirSync(docroot, { recursive: true });
  const config = path.join(folder, "nginx.conf");
  writeFileSync(
    config,
    `user ${userInfo().username};
worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_max_body_size 0;
  client_body_temp_path ${docroot}/.incoming;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${docroot};
    location / { dav_methods PUT; }
  }
}
`,
  );
  const child = spawn("/usr/sbin/nginx", ["-c", config, "-e", path.join(folder, "error.log")], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt++) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    if (attempt > 200 || child.exitCode !== null) throw new Error("nginx did not start");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    url,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
