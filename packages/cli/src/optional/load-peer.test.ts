import { expect, it } from "vitest";
import { loadPeer } from "./load-peer.ts";

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
