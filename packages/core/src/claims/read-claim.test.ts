import { describe, expect, it } from "vitest";
import { isJsonPointer, readClaim, readText } from "./read-claim.ts";

const CLAIMS = {
  sub: "s",
  empty: "",
  "https://sts.amazonaws.com/": { aws_account: "123" },
  "kubernetes.io": { serviceaccount: { uid: "u" } },
  "a/b~c": 7,
  list: ["x"],
};

describe("readClaim", () => {
  it.each<readonly [string, unknown]>([
    ["sub", "s"],
    ["a/b~c", 7],
    ["/sub", "s"],
    ["/kubernetes.io/serviceaccount/uid", "u"],
    ["/https:~1~1sts.amazonaws.com~1/aws_account", "123"],
    ["/a~1b~0c", 7],
    ["kubernetes.io/serviceaccount", undefined],
    ["/list/0", undefined],
    ["/sub/length", undefined],
    ["/missing/x", undefined],
    ["constructor", undefined],
    ["__proto__", undefined],
    ["/__proto__/toString", undefined],
    ["/kubernetes.io/constructor", undefined],
    ["", undefined],
  ])("reads %j as %j", (path, expected) => expect(readClaim(CLAIMS, path)).toBe(expected));
});

describe("readText", () => {
  it("is undefined for what is empty, absent or no text", () => {
    expect(readText(CLAIMS, "sub")).toBe("s");
    for (const name of ["empty", "missing", "list", "a/b~c"]) expect(readText(CLAIMS, name)).toBeUndefined();
  });
});

describe("isJsonPointer", () => {
  it.each(["/a", "/a/b", "/~0~1", "/"])("takes %s", (path) => expect(isJsonPointer(path)).toBe(true));
  it.each(["a", "", "/~2", "/a~"])("refuses %j", (path) => expect(isJsonPointer(path)).toBe(false));
});
