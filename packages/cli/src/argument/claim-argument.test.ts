import { describe, expect, it } from "vitest";
import { parseClaimArgument, parseClaimArguments } from "./claim-argument.ts";

describe("parseClaimArgument", () => {
  it.each([
    ["sub=build", "sub", "build"],
    ["sub=a=b", "sub", "a=b"],
    ["sub=", "sub", ""],
    ["n:=7", "n", 7],
    ["flag:=false", "flag", false],
    ['text:="7"', "text", "7"],
    ["a:b=c", "a:b", "c"],
    ["/kubernetes.io/pod=x", "/kubernetes.io/pod", "x"],
  ])("reads %s", (text, name, value) => {
    expect(parseClaimArgument(text)).toEqual([name, value]);
  });

  it.each(["", "sub", "=x", ":=7", "n:=", "n:=7.5", "n:=[1]", "n:=null", "n:={}", "n:=1e99"])("refuses %j", (text) => {
    expect(() => parseClaimArgument(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it("refuses a name that is given twice", () => {
    expect(() => parseClaimArguments(["a=1", "a=2"])).toThrow("given twice");
  });

  it("takes a claim named __proto__ as a claim like any other", () => {
    expect(Object.keys(parseClaimArguments(["__proto__=x"]))).toEqual(["__proto__"]);
  });
});
