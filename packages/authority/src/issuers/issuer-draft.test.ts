import { ApiError } from "@postern/core/error/api-error";
import { expect, it } from "vitest";
import { parseIssuerDraft } from "./issuer-draft.ts";

const body = { provider: "gitlab", url: "http://gitlab.corp:8081" };

it("takes the origins that the operator excepted for every issuer", () => {
  expect(parseIssuerDraft(body, ["http://gitlab.corp:8081"]).allowOrigins).toEqual(["http://gitlab.corp:8081"]);
});

it("names an origin once although body and configuration both have it", () => {
  const draft = parseIssuerDraft({ ...body, allow_origins: ["http://gitlab.corp:8081"] }, ["http://gitlab.corp:8081"]);
  expect(draft.allowOrigins).toEqual(["http://gitlab.corp:8081"]);
});

it("refuses plain http where nobody excepted the origin", () => {
  expect(() => parseIssuerDraft(body, ["http://other.corp"])).toThrow(ApiError);
});
