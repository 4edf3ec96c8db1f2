// Bundles the GitHub Action from the client's build output: `node tools/build-action.mjs`. test/action/github-action.test.ts fails while
// the committed bundle is not what this makes.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const steps = ["log-in", "revoke"];

/** @returns {Promise<readonly { readonly file: string; readonly code: string }[]>} */
export async function bundleAction() {
  return Promise.all(
    steps.map(async (step) => {
      const { output } = await build({
        cwd: root,
        input: `action/src/${step}.ts`,
        platform: "node",
        // Loaded on demand in jobs on AWS, which this action never sees.
        external: [/^node:/, "@smithy/signature-v4"],
        output: { format: "esm", codeSplitting: false },
        logLevel: "silent",
        write: false,
      });
      return { file: `action/bundle/${step}.mjs`, code: output[0].code };
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(path.join(root, "action/bundle"), { recursive: true });
  for (const { file, code } of await bundleAction()) writeFileSync(path.join(root, file), code);
}
