import { describe, expect, it } from "vitest";
import { checkAudience } from "./audience.ts";

const ACCEPTED = new Set(["https://hub.example", "https://alias.example"]);

describe("checkAudience", () => {
  it.each<readonly [string, unknown]>([
    ["accepted", "https://hub.example"],
    ["accepted", ["https://alias.example"]],
    ["other", "https://hub.example/"],
    ["other", "https://HUB.example"],
    ["other", ["https://other.example"]],
    ["several", ["https://hub.example", "https://hub.example"]],
    ["missing", undefined],
    ["missing", ""],
    ["missing", []],
    ["missing", [7]],
    ["missing", ["https://hub.example", 7]],
    ["missing", { 0: "https://hub.example" }],
    ["missing", null],
  ])("says %s to %j", (kind, aud) => {
    const claims = aud === undefined ? {} : JSON.parse(JSON.stringify({ aud }));
    expect(checkAudience(claims, ACCEPTED).kind).toBe(kind);
  });

  it.each<readonly [string, unknown]>([
    ["accepted", ["https://hub.example", "default"]],
    ["accepted", ["default", "https://hub.example"]],
    ["several", ["https://hub.example", "default", "https://sister.example"]],
    ["several", ["https://hub.example", "https://alias.example", "default"]],
    ["other", ["default"]],
    ["other", ["default", "default"]],
    ["other", "default"],
  ])("says %s to %j where the provider's default may stand beside ours", (kind, aud) => {
    expect(checkAudience(JSON.parse(JSON.stringify({ aud })), ACCEPTED, ["default"]).kind).toBe(kind);
  });
});
