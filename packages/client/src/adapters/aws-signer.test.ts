import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadAwsSigner } from "./aws-signer.ts";

const BUILT = path.join(import.meta.dirname, "..", "..", "dist", "adapters", "aws-signer.js");
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "postern-signer-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the signer of requests to AWS", () => {
  it("is nobody where its package is not installed", async () => {
    const alone = path.join(folder, "aws-signer.mjs");
    await copyFile(BUILT, alone);
    const script = `import(${JSON.stringify(pathToFileURL(alone).href)}).then((m) => m.loadAwsSigner()).then((found) => console.log(found))`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd: folder });
    expect(stdout.trim()).toBe("undefined");
  });

  it("says so when the package is there and broken, instead of asking for what is installed", async () => {
    const installed = path.join(folder, "node_modules", "@smithy", "signature-v4");
    await writeFile(path.join(folder, "package.json"), "{}");
    await mkdir(installed, { recursive: true });
    await writeFile(path.join(installed, "package.json"), '{"name":"@smithy/signature-v4","main":"index.js"}');
    await writeFile(path.join(installed, "index.js"), "throw new Error('broken');");
    const alone = path.join(folder, "aws-signer.mjs");
    await copyFile(BUILT, alone);
    const script = `import(${JSON.stringify(pathToFileURL(alone).href)}).then((m) => m.loadAwsSigner()).catch((e) => console.log(e.message))`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd: folder });
    expect(stdout.trim()).toBe("broken");
  });

  it("signs the same request at the same moment the same, and another one otherwise", async () => {
    const signer = await loadAwsSigner();
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: undefined };
    const sign = (body: string, region: string) =>
      signer?.sign(
        { url: new URL("https://sts.example/"), body, service: "sts", region },
        credentials,
        1_440_938_160_000,
      );
    const first = await sign("Action=A", "us-east-1");
    expect(first?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\/us-east-1\/sts\/aws4_request/,
    );
    expect(first).not.toHaveProperty("x-amz-security-token");
    expect(first).not.toHaveProperty("host");
    expect(await sign("Action=A", "us-east-1")).toEqual(first);
    expect(await sign("Action=B", "us-east-1")).not.toEqual(first);
    expect(await sign("Action=A", "eu-west-1")).not.toEqual(first);
  });
});
