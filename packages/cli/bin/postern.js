#!/usr/bin/env node
// Plain JavaScript and committed, so that npm can link it before anything is built.
import { existsSync } from "node:fs";

const main = new URL("../dist/main.js", import.meta.url);
if (existsSync(main)) {
  const { runPostern } = await import(main.href);
  await runPostern();
} else {
  process.stderr.write("postern is not built yet: run npm start or npm run build first.\n");
  process.exitCode = 1;
}
