import { describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { toCurlCommand } from "./curl-command.ts";

const request = { method: "POST", url: "https://hub.example/oauth/token", headers: {} };

describe("a request printed as a curl command", () => {
  it("shows method, sorted headers, body and URL", () => {
    expect(
      toCurlCommand({ ...request, headers: { "content-type": "application/json", Accept: "*/*" }, body: '{"a": 1}' }),
    ).toBe(
      `curl -X POST -H 'Accept: */*' -H 'content-type: application/json' --data-raw '{"a":1}' 'https://hub.example/oauth/token'`,
    );
  });

  it.each(["Authorization", "authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "x-xet-access-token"])(
    "shows no value of the header %s",
    (name) => {
      expect(toCurlCommand({ ...request, headers: { [name]: "Basic c2VjcmV0" } })).toContain(`-H '${name}: <TOKEN>'`);
    },
  );

  it("hides a token in a header with an innocent name", () => {
    expect(toCurlCommand({ ...request, headers: { "x-note": "hf_abcdefghijkl" } })).not.toContain("abcdef");
  });

  // The stock client cuts first: the JWT then has no closing quote and its claims are printed.
  it.each([800, 1000, 1200, 5000, 100_000])("redacts before it cuts a body of more than %d characters", (size) => {
    const token = idToken({ padding: "p".repeat(size) });
    const payload = token.split(".")[1] ?? "";
    for (const body of [
      JSON.stringify({ resource: "acme/model", subject_token: token }),
      JSON.stringify({ note: token }),
      `resource=acme%2Fmodel&subject_token=${token}`,
      `{"broken": "${token}`,
      `free text ${token}`,
    ]) {
      const printed = toCurlCommand({ ...request, body });
      expect(printed).not.toContain(payload.slice(0, 12));
      expect(printed).not.toContain(token.slice(0, 12));
    }
  });

  it("cuts a long body and says how long it was", () => {
    const printed = toCurlCommand({ ...request, body: "x ".repeat(3000) });
    expect(printed).toContain("(6000 characters)");
    expect(printed.length).toBeLessThan(1200);
  });

  it("quotes for the shell and stays on one line", () => {
    expect(toCurlCommand({ ...request, body: "it's\n::add-mask::x" })).toContain(
      "--data-raw 'it'\\''s\\x0a::add-mask::x'",
    );
  });
});
