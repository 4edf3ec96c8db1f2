import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { settingsFromEnvironment } from "./environment-settings.ts";
import { mergeSettings } from "./merge-settings.ts";
import { parseServerConfig, type ServerSettings } from "./server-config.ts";

const S3: ServerSettings = {
  lfsStorage: "s3",
  s3Endpoint: "https://s3.example",
  s3Bucket: "models",
  s3AccessKeyId: "AKIA",
  s3SecretAccessKey: "unguessable",
};

describe("parseServerConfig", () => {
  it("never shows the credentials of the object store", () => {
    const { lfsStorage } = parseServerConfig({ ...S3, s3Prefix: "/a/b/" });
    expect(lfsStorage).toMatchObject({ endpoint: "https://s3.example", prefix: "a/b/", pathStyle: true, direct: true });
    expect(inspect(lfsStorage, { depth: null }) + JSON.stringify(lfsStorage)).not.toContain("unguessable");
    expect(lfsStorage?.credentials().secretAccessKey).toBe("unguessable");
  });

  it("fills in the defaults of a first start on a laptop", () => {
    expect(parseServerConfig({})).toMatchObject({ port: 8080, host: "127.0.0.1", publicUrl: undefined, audiences: [] });
  });

  it("accepts a rename once unless told otherwise", () => {
    expect([parseServerConfig({}).renames, parseServerConfig({ renames: "never" }).renames]).toEqual(["once", "never"]);
  });

  it("takes a trailing slash off the public URL", () => {
    expect(parseServerConfig({ publicUrl: "https://hub.example/" }).publicUrl).toBe("https://hub.example");
  });

  it.each<[string, ServerSettings, string]>([
    ["a port out of range", { port: 70_000 }, "port"],
    ["a port that is no whole number", { port: 80.5 }, "port"],
    ["a public URL with a path", { publicUrl: "https://hub.example/models" }, "public-url"],
    ["a public URL without a scheme", { publicUrl: "hub.example" }, "public-url"],
    ["a public bind without TLS in front", { host: "0.0.0.0" }, "host"],
    ["an issuer origin with a path", { allowIssuerOrigins: ["http://127.0.0.1:9/x"] }, "issuers.allow_origins"],
    ["a policy for renames that is none", { renames: "always" }, "publishers.renames"],
    ["a storage that is none", { lfsStorage: "tape" }, "storage.lfs"],
    ["S3 without a bucket", { ...S3, s3Bucket: undefined }, "storage.s3.bucket"],
    ["S3 without an address", { ...S3, s3Endpoint: undefined }, "storage.s3.endpoint"],
    ["an S3 address with a path", { ...S3, s3Endpoint: "https://s3.example/bucket" }, "storage.s3.endpoint"],
    ["a bucket that is no name", { ...S3, s3Bucket: "../models" }, "storage.s3.bucket"],
    ["a prefix with odd letters", { ...S3, s3Prefix: "a?b" }, "storage.s3.prefix"],
    ["S3 without credentials", { ...S3, s3SecretAccessKey: undefined }, "storage.s3"],
    [
      "a file of credentials that is not there",
      { ...S3, s3CredentialsFile: "/nowhere" },
      "storage.s3.credentials_file",
    ],
  ])("refuses %s, naming the setting", (_what, settings, setting) => {
    const failure = thrownBy(() => parseServerConfig(settings));
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure).toMatchObject({ setting });
  });

  it("allows a public bind behind a named proxy, or when it is said aloud", () => {
    expect(parseServerConfig({ host: "0.0.0.0", trustedProxies: ["10.0.0.5"] }).host).toBe("0.0.0.0");
    expect(parseServerConfig({ host: "0.0.0.0", allowInsecurePublicBind: true }).host).toBe("0.0.0.0");
  });
});

describe("settingsFromEnvironment", () => {
  it("reads the fixed names and takes an empty variable as unset", () => {
    const settings = settingsFromEnvironment({ POSTERN_PORT: "9000", POSTERN_HOST: "", POSTERN_DATA: "/srv/postern" });
    expect(settings).toMatchObject({ port: 9000, host: undefined, dataDir: "/srv/postern" });
  });

  it.each([
    ["a port that is no number", { POSTERN_PORT: "http" }, "POSTERN_PORT"],
    ["a database that this version cannot use", { POSTERN_DATABASE_URL: "postgres://db" }, "POSTERN_DATABASE_URL"],
  ])("refuses %s", (_what, environment, setting) => {
    expect(thrownBy(() => settingsFromEnvironment(environment))).toMatchObject({ setting });
  });
});

it("prefers flags to environment to file, setting by setting", () => {
  const merged = mergeSettings({ port: 1 }, { port: 2, host: "::1" }, { port: 3, host: "127.0.0.1", dataDir: "d" });
  expect(merged).toEqual({ port: 1, host: "::1", dataDir: "d" });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
