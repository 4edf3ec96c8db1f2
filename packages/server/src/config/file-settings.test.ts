import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { settingsFromFile } from "./file-settings.ts";

const folder = mkdtempSync(path.join(tmpdir(), "postern-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const file = path.join(folder, "postern.yaml");
  writeFileSync(file, text);
  return file;
}

describe("settingsFromFile", () => {
  it("reads every setting that the reference lists", () => {
    const file = fileWith(`
port: 9000
host: 0.0.0.0
data: /srv/postern
public_url: https://hub.example
audiences: [https://old.example]
bootstrap_admin: ada
trusted_proxies: [10.0.0.5]
publishers:
  renames: never
issuers:
  allow_origins: [http://127.0.0.1:9100]
keys:
  rotate_after_days: 30
limits:
  refused_per_minute: 10
  token_failures: 0
connections:
  per_address: 64
`);
    expect(settingsFromFile(file)).toEqual({
      renames: "never",
      connections: { perAddress: 64 },
      port: 9000,
      host: "0.0.0.0",
      dataDir: "/srv/postern",
      publicUrl: "https://hub.example",
      audiences: ["https://old.example"],
      bootstrapAdmin: "ada",
      trustedProxies: ["10.0.0.5"],
      allowIssuerOrigins: ["http://127.0.0.1:9100"],
      rotateKeysAfterDays: 30,
      limits: { refusedPerMinute: 10, tokenFailures: 0 },
    });
  });

  it("takes an empty file as no settings", () => {
    expect(Object.values(settingsFromFile(fileWith(""))).every((value) => value === undefined)).toBe(true);
  });

  it.each([
    ["a key that is no setting", "prot: 8080", /prot is not a setting/],
    ["a nested key that is no setting", "issuers: { allow: [] }", /issuers\.allow is not a setting/],
    ["a limit that is none", "limits: { everything: 1 }", /limits\.everything is not a setting/],
    ["a wrong type", "host: 7", /host must be a text/],
    ["a list that holds more than texts", "audiences: [1]", /audiences must be a list of texts/],
    ["text that is no YAML", "port: [", /cannot be read as YAML/],
    ["a list instead of settings", "- port", /must hold keys and values/],
  ])("refuses %s", (_what, text, message) => {
    expect(() => settingsFromFile(fileWith(text))).toThrow(message);
  });

  it("refuses a file that is not there", () => {
    expect(() => settingsFromFile(path.join(folder, "absent.yaml"))).toThrow(/cannot be read/);
  });
});
