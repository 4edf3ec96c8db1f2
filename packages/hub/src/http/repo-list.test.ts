import { listDatasets, listModels } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubHarness, jobFor, person } from "./hub-harness.contract.ts";

let hub: HubHarness;
beforeAll(async () => {
  hub = await HubHarness.start();
  hub.principals.set("hf_admin", person("root", { isAdmin: true }));
  await hub.repo("ada/alpha");
  await hub.repo("ada/Beta");
  await hub.repo("ada/secret", "private");
  await hub.repo("bob/gamma");
  await hub.repo("bob/data", "public", "dataset");
  hub.principals.set("hf_jwt_job", jobFor(await hub.repo("bob/quiet", "private")));
  await card(
    "models/ada/alpha",
    "license: mit\nlibrary_name: transformers\npipeline_tag: text-classification\nlanguage: [en, de]\ntags: [Tiny]\ndatasets: bob/data",
  );
  await card("models/ada/secret", "license: mit\ntags: tiny");
  await card(
    "datasets/bob/data",
    "license: mit\nlanguage: en\ntask_categories: [summarization]\nsize_categories: 1K<n<10K",
    "hf_bob",
  );
});
afterAll(async () => hub[Symbol.asyncDispose]());

function commit(repo: string, path: string, content: string, token = "hf_ada") {
  const lines = [
    { key: "header", value: { summary: "write" } },
    { key: "file", value: { path, content, encoding: "utf-8" } },
  ];
  return hub.app.inject({
    method: "POST",
    url: `/api/${repo}/commit/main`,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
    payload: lines.map((line) => JSON.stringify(line)).join("\n"),
  });
}

async function card(repo: string, yaml: string, token?: string): Promise<void> {
  const answer = await commit(repo, "README.md", `---\n${yaml}\n---\n# Card\n`, token);
  expect(answer.statusCode, answer.body).toBe(200);
}

async function list(query: string, token?: string, kind = "models") {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await hub.app.inject({ method: "GET", url: `/api/${kind}${query}`, headers });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer;
}

async function ids(query: string, token?: string, kind?: string): Promise<readonly string[]> {
  const items: { id: string }[] = (await list(query, token, kind)).json();
  return items.map(({ id }) => id);
}

describe("a list of repos", () => {
  it("has private repos only for those who may read them", async () => {
    const open = ["bob/gamma", "ada/Beta", "ada/alpha"];
    expect(await ids("")).toEqual(open);
    expect(await ids("", "hf_ada")).toEqual(["bob/gamma", "ada/secret", "ada/Beta", "ada/alpha"]);
    expect(await ids("", "hf_bob")).toEqual(["bob/quiet", ...open]);
    expect(await ids("", "hf_jwt_job")).toEqual(["bob/quiet", ...open]);
    expect(await ids("", "hf_admin")).toHaveLength(5);
  });

  it("gives no page, link or count away that hides a private repo", async () => {
    for (const limit of [1, 2, 3]) {
      const answer = await list(`?limit=${limit}&author=bob`);
      expect(answer.json()).toHaveLength(1);
      expect(answer.headers.link).toBeUndefined();
    }
    expect((await list("?search=secret&limit=1")).body).toBe("[]");
    expect((await list("?filter=tiny&filter=license:mit", "hf_bob")).json()).toHaveLength(1);
  });

  it("names no tag that only private repos have", async () => {
    const tags = await hub.app.inject({ method: "GET", url: "/api/models-tags-by-type" });
    expect(tags.json()).toMatchObject({
      license: [{ id: "license:mit", label: "mit", type: "license" }],
      dataset: [{ id: "dataset:bob/data" }],
    });
    await card("models/ada/secret", "license: mit\ntags: [tiny, codename]");
    const again = await hub.app.inject({ method: "GET", url: "/api/models-tags-by-type" });
    expect(again.body).toBe(tags.body);
  });

  it("is filtered by author, words, tags of the card, and task", async () => {
    expect(await ids("?author=ADA")).toEqual(["ada/Beta", "ada/alpha"]);
    expect(await ids("?search=BET")).toEqual(["ada/Beta"]);
    expect(await ids("?search=a&search=gam")).toEqual(["bob/gamma"]);
    expect(await ids("?filter=tiny", "hf_ada")).toEqual(["ada/secret", "ada/alpha"]);
    expect(await ids("?filter=tiny&filter=transformers", "hf_ada")).toEqual(["ada/alpha"]);
    expect(await ids("?filter=tiny,de")).toEqual(["ada/alpha"]);
    expect(await ids("?filter=dataset:bob/data")).toEqual(["ada/alpha"]);
    expect(await ids("?pipeline_tag=text-classification")).toEqual(["ada/alpha"]);
    expect(await ids("?pipeline_tag=summarization")).toEqual([]);
    expect(await ids("?filter=task_categories:summarization&filter=language:en", undefined, "datasets")).toEqual([
      "bob/data",
    ]);
    expect(await ids("?apps=vllm&inference=warm&num_parameters=min:6B&futureParameter=1")).toHaveLength(3);
  });

  it("is sorted, both ways, and its pages neither repeat nor leave out", async () => {
    expect(await ids("?sort=id")).toEqual(["ada/alpha", "ada/Beta", "bob/gamma"]);
    expect(await ids("?sort=id&direction=-1")).toEqual(["bob/gamma", "ada/Beta", "ada/alpha"]);
    expect(await ids("?sort=createdAt&direction=1")).toEqual(["ada/alpha", "ada/Beta", "bob/gamma"]);
    for (const sort of ["", "&sort=lastModified", "&sort=id", "&sort=downloads", "&sort=lastModified&direction=1"]) {
      const whole = await ids(`?filter=&${sort}`, "hf_admin");
      const paged: string[] = [];
      let next: string | undefined = `/api/models?limit=2${sort}`;
      while (next !== undefined) {
        const answer = await list(next.slice("/api/models".length), "hf_admin");
        paged.push(...answer.json().map(({ id }: { id: string }) => id));
        next = /^<http:\/\/localhost:80([^>]+)>; rel="next"$/.exec(String(answer.headers.link))?.[1];
      }
      expect(paged, sort).toEqual(whole);
    }
    expect(await ids("?cursor=nonsense")).toHaveLength(3);
  });

  it("tells of each repo what was asked for", async () => {
    await commit("models/ada/alpha", "config.json", '{"architectures":["TinyModel"],"model_type":"tiny","secret":1}');
    const [plain] = (await list("?search=alpha")).json();
    expect(plain).toMatchObject({
      id: "ada/alpha",
      pipeline_tag: "text-classification",
      library_name: "transformers",
      tags: ["transformers", "text-classification", "Tiny", "en", "de", "dataset:bob/data", "license:mit"],
      private: false,
      downloads: 0,
    });
    expect(plain.siblings).toBeUndefined();
    const [full] = (await list("?search=alpha&full=True&config=True")).json();
    expect(full.siblings.map(({ rfilename }: { rfilename: string }) => rfilename)).toContain("config.json");
    expect(full).toMatchObject({
      sha: expect.stringMatching(/^[0-9a-f]{40}$/),
      cardData: { license: "mit" },
      config: { architectures: ["TinyModel"], model_type: "tiny" },
    });
    expect((await list("?search=alpha&expand[]=siblings")).json()[0].siblings).toBeDefined();
  });

  it("follows the card when main changes, by whatever way", async () => {
    await hub.repo("ada/changing");
    await card("models/ada/changing", "tags: [before]");
    expect(await ids("?filter=before")).toEqual(["ada/changing"]);
    const headers = { authorization: "Bearer hf_ada" };
    const branch = await hub.app.inject({
      method: "POST",
      url: "/api/models/ada/changing/branch/old",
      headers,
      payload: {},
    });
    expect(branch.statusCode).toBe(200);
    await card("models/ada/changing", "tags: [after]");
    expect([await ids("?filter=before"), await ids("?filter=after")]).toEqual([[], ["ada/changing"]]);
    const back = { startingPoint: "old", overwrite: true };
    await hub.app.inject({ method: "POST", url: "/api/models/ada/changing/branch/main", headers, payload: back });
    expect([await ids("?filter=before"), await ids("?filter=after")]).toEqual([["ada/changing"], []]);
    const copy = { repository: "ada/changing-copy" };
    await hub.app.inject({ method: "POST", url: "/api/models/ada/changing/duplicate", headers, payload: copy });
    expect(await ids("?filter=before")).toEqual(["ada/changing-copy", "ada/changing"]);
  });

  it("is read by the unmodified JavaScript client", async () => {
    const hubUrl = await hub.listen();
    const names: string[] = [];
    const search = { owner: "ada", tags: ["license:mit"], task: "text-classification" as const };
    for await (const model of listModels({
      hubUrl,
      search,
      sort: "lastModified",
      additionalFields: ["tags", "cardData"],
    })) {
      names.push(model.name);
      expect(model.tags).toContain("Tiny");
    }
    expect(names).toEqual(["ada/alpha"]);
    for await (const { name } of listDatasets({ hubUrl, search: { query: "dat" } })) names.push(name);
    expect(names).toEqual(["ada/alpha", "bob/data"]);
    const all: string[] = [];
    for await (const { name } of listModels({ hubUrl, accessToken: "hf_ada" })) all.push(name);
    expect(all).toContain("ada/secret");
  });
});

describe("a commit whose README has metadata that nobody can read", () => {
  it.each([
    ["no YAML", "---\n{a: [\n---\n"],
    ["a key twice", "---\nlicense: mit\nlicense: apache-2.0\n---\n"],
    ["an alias", "---\na: &x 1\nb: *x\n---\n"],
  ])("is refused: %s", async (_title, content) => {
    const before = (await hub.app.inject({ method: "GET", url: "/api/models/ada/alpha" })).json().sha;
    const answer = await commit("models/ada/alpha", "README.md", content);
    expect([answer.statusCode, answer.json().error]).toEqual([
      400,
      expect.stringContaining("Invalid metadata in README.md"),
    ]);
    expect((await hub.app.inject({ method: "GET", url: "/api/models/ada/alpha" })).json().sha).toBe(before);
  });

  it("is none when the README is not what the commit changes, or lies in a folder", async () => {
    expect((await commit("models/ada/alpha", "docs/README.md", "---\n{a: [\n---\n")).statusCode).toBe(200);
    expect((await commit("models/ada/alpha", "README.md", "no metadata")).statusCode).toBe(200);
  });
});
