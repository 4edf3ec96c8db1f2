import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson } from "./strict-json.ts";

function reasonOf(text: string, maxDepth = 8): string {
  const json = parseStrictJson(text, maxDepth);
  return json.kind === "refused" ? json.reason : "json";
}

describe("parseStrictJson", () => {
  it.each([
    ['{"a":1,"a":2}'],
    ['{"a":1,"\\u0061":2}'],
    ['{"x":{"a":1,"b":[],"a":2}}'],
    ['[{"a":1},{"a":1,"a":1}]'],
    ['{"a" \n:1,"a"\t: 2}'],
    ['{"__proto__":1,"__proto__":2}'],
    ['{"a\\"":1,"a\\"":2}'],
    ['{"":1,"":2}'],
  ])("refuses the repeated name in %s", (text) => expect(reasonOf(text)).toBe("duplicate-key"));

  it.each([
    ['{"a":"b","c":"a"}'],
    ['{"a":":","b":"\\":"}'],
    ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}'],
    ['{"__proto__":{"admin":true}}'],
    ['{"a":"\\\\","b":"{[\\"a\\":1"}'],
    ["7"],
    ['"a"'],
    ["[]"],
  ])("reads %s as JSON.parse does", (text) => {
    expect(parseStrictJson(text, 8)).toEqual({ kind: "json", value: JSON.parse(text) });
  });

  it.each(["", "{", '{"a":1', '{"a":1}}', "{'a':1}", "[1,]", '{"a":1,}', "NaN", '"', '"\\', "\ufeff{}"])(
    "refuses the broken %j",
    (text) => expect(reasonOf(text)).toBe("syntax"),
  );

  it("counts levels, and no brackets inside strings", () => {
    expect(reasonOf("[[[]]]", 3)).toBe("json");
    expect(reasonOf("[[[[]]]]", 3)).toBe("too-deep");
    expect(reasonOf('["[[[[[["]', 1)).toBe("json");
    expect(reasonOf("[[],[],[]]", 2)).toBe("json");
  });

  it("does not let a member change a prototype", () => {
    const json = parseStrictJson('{"__proto__":{"admin":true}}', 8);
    expect(json.kind === "json" && Object.hasOwn(Object(json.value), "__proto__")).toBe(true);
    expect(Reflect.get({}, "admin")).toBeUndefined();
  });

  it("agrees with JSON.parse on whatever JSON.stringify writes, with any indentation", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseStrictJson(text, 12)).toEqual({ kind: "json", value: JSON.parse(text) });
      }),
    );
  });

  it("refuses whatever object has one member written twice", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (members, choice) => {
        const entries = Object.entries(members).map(
          ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
        );
        const again = entries[choice % entries.length];
        expect(reasonOf(`{${[...entries, again].join(",")}}`, 20)).toBe("duplicate-key");
      }),
    );
  });
});
