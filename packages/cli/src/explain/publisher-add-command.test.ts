import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { publisherAddCommand } from "./publisher-add-command.ts";

const GITHUB = "https://token.actions.githubusercontent.com";

it("is the shortest line that says everything", () => {
  const claims = { repository_id: "1", branch: "main", is_reusable: false };
  expect(publisherAddCommand(["acme/m"], { provider: "github", issuer: GITHUB, claims })).toBe(
    "postern publisher add acme/m --provider github --claim repository_id=1 --claim branch=main --claim is_reusable:=false",
  );
  expect(publisherAddCommand(["--user", "ada"], { provider: "custom", issuer: "https://ci.example", claims: {} })).toBe(
    "postern publisher add --user ada --provider custom --issuer https://ci.example",
  );
});

it.each(["a b", "$(touch /tmp/x)", "`id`", "a'b", "x;y", "~", "*", "!!", 'a"b\\c', "&", "-rf"])(
  "reaches the command as it is, whatever a shell would make of it: %s",
  (value) => {
    const line = publisherAddCommand(["acme/m"], { provider: "github", issuer: GITHUB, claims: { branch: value } });
    const words = execFileSync("sh", ["-c", `printf '%s\\n' ${line?.replace("postern", "x")}`], { encoding: "utf8" });
    expect(words.trimEnd().split("\n").at(-1)).toBe(`branch=${value}`);
  },
);

it.each(["a\nb", "a\u001b[31m", "a\u202eb", "a\u200b"])("is not offered for %j", (value) => {
  expect(publisherAddCommand(["acme/m"], { provider: "github", issuer: GITHUB, claims: { branch: value } })).toBe(
    undefined,
  );
});
