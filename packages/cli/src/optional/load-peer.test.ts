import { expect, it } from "vitest";
import { loadPeer, refuseOldNode } from "./load-peer.ts";

it("says in one sentence what to install when the package is missing", async () => {
  const name = "@postern/not-there";
  await expect(loadPeer(name, "Running the hub", () => import(name))).rejects.toMatchObject({
    message: "Running the hub needs the package @postern/not-there, which is not installed.",
    next: "Install it: npm install @postern/not-there",
  });
});

it("does not hide a module that is missing inside the package", async () => {
  const inner = "@postern/inner";
  const failure = loadPeer("@postern/outer", "Running the hub", () => import(inner));
  await expect(failure).rejects.not.toMatchObject({ name: "CliError" });
});

it.each(["20.20.2", "22.22.0", "24.14.9"])("says in one sentence that Node %s is too old", (version) => {
  expect(() => refuseOldNode("Running the hub", version)).toThrow(
    `Running the hub needs Node.js 24.15 or newer; this is ${version}.`,
  );
});

it.each(["24.15.0", "24.21.0", "26.0.0"])("runs on Node %s", (version) => {
  expect(() => refuseOldNode("Running the hub", version)).not.toThrow();
});
