import { describe, expect, it } from "vitest";
import { idToken } from "../../testing/id-token.ts";
import { redactForm, redactJson, redactText, redactUrl } from "./redact.ts";

const jwt = idToken();

describe("redaction of text", () => {
  it.each([
    ["a whole JWT", `before ${jwt} after`, "before <REDACTED> after"],
    ["a JWT in quotes", `"${jwt}"`, '"<REDACTED>"'],
    ["a JWT that is glued to a word", `value=x${jwt}`, "value=x<REDACTED>"],
    ["a JWT without its signature", jwt.split(".").slice(0, 2).join("."), "<REDACTED>"],
    ["a JWT broken off in its header", jwt.slice(0, 20), "<REDACTED>"],
    ["a JWT whose header begins with a blank", Buffer.from('{ "alg":"ES256"}').toString("base64url"), "<REDACTED>"],
    ["a JWT whose header begins with a line break", Buffer.from('{\n "alg":1}').toString("base64url"), "<REDACTED>"],
    ["a personal token", "use hf_abcdefghijklmnop.", "use <REDACTED>"],
    ["a repo token", `hf_jwt_${jwt}`, "<REDACTED>"],
    ["a user token", "hf_oauth_0123456789", "<REDACTED>"],
  ])("hides %s", (_, text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each([
    "huggingface.co",
    "https://greyhound-models.example/view-one",
    "the key is here",
    "huggingface_hub/1.20",
    "hf_hub",
  ])("leaves %s as it is", (text) => {
    expect(redactText(text)).toBe(text);
  });
});

describe("redaction of URLs", () => {
  it("hides user info, fragment and the values that sign or authorise, and nothing else", () => {
    expect(
      redactUrl(
        "https://user:pw@cdn.example/a/b?X-Amz-Signature=abc&X-Amz-Credential=key%2F1&Expires=5&sig=zz&token=t&part=1#frag",
      ),
    ).toBe(
      "https://<REDACTED>@cdn.example/a/b?X-Amz-Signature=<REDACTED>&X-Amz-Credential=<REDACTED>&Expires=5&sig=<REDACTED>&token=<REDACTED>&part=1#<REDACTED>",
    );
  });

  it("hides a token in the path", () => {
    expect(redactUrl(`https://hub.example/lfs/${jwt}/object`)).toBe("https://hub.example/lfs/<REDACTED>/object");
  });

  it("recognises a parameter whose name is escaped", () => {
    expect(redactUrl("https://hub.example/?access%5Ftoken=abc")).toBe("https://hub.example/?access%5Ftoken=<REDACTED>");
  });
});

describe("redaction of bodies", () => {
  const names = [
    "subject_token",
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "device_code",
    "code",
    "code_verifier",
    "credentials",
    "password",
    "client_assertion",
  ];

  it.each(names)("hides %s in JSON, however deep", (name) => {
    const text = JSON.stringify({ a: [{ [name]: ["secret-canary"] }], [name]: "secret-canary" });
    expect(redactJson(text)).not.toContain("secret-canary");
  });

  it.each(names)("hides %s in a form", (name) => {
    expect(redactForm(`a=1&${name}=secret-canary&b=2`)).toBe(`a=1&${name}=<REDACTED>&b=2`);
  });

  it("keeps what says which kind of token it is", () => {
    const text = JSON.stringify({
      grant_type: "x",
      subject_token_type: "y",
      token_type: "bearer",
      key: "header",
      tokenizer: "t",
    });
    expect(redactJson(text)).toBe(text);
  });

  it("reads newline-delimited JSON line by line", () => {
    expect(redactJson('{"token":"canary"}\n{"b":1}\n')).toBe('{"token":"<REDACTED>"}\n{"b":1}');
  });

  it("does not take other text for JSON", () => {
    expect(redactJson("a=1&b=2")).toBeUndefined();
    expect(redactJson("")).toBeUndefined();
  });
});
