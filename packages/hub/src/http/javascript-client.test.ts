import {
  checkRepoAccess,
  commit,
  countCommits,
  createBranch,
  createRepo,
  deleteBranch,
  deleteFile,
  deleteRepo,
  listCommits,
  listFiles,
  listModels,
  modelInfo,
  pathsInfo,
  repoExists,
  uploadFiles,
} from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubHarness } from "./hub-harness.contract.ts";

let hub: HubHarness;
let client: { hubUrl: string; accessToken: string };

beforeAll(async () => {
  hub = await HubHarness.start();
  client = { hubUrl: await hub.listen(), accessToken: "hf_ada" };
});

afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

const repo = "ada/js";

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("the unmodified JavaScript client", () => {
  it("creates, uploads, lists, inspects, branches and deletes", async () => {
    const created = await createRepo({ ...client, repo, license: "mit" });
    expect(created.repoUrl).toBe(`${client.hubUrl}/ada/js`);
    expect(created.id).toMatch(/^[0-9a-f]{24}$/);
    await expect(createRepo({ ...client, repo })).rejects.toMatchObject({ statusCode: 409 });

    const files = Array.from({ length: 5 }, (_, index) => ({
      path: `d ir/${index}.txt`,
      content: new Blob([`text ${index}`]),
    }));
    const uploaded = await uploadFiles({ ...client, repo, files, commitTitle: "five" });
    expect(uploaded?.commit.url).toBe(`${client.hubUrl}/ada/js/commit/${uploaded?.commit.oid}`);

    const listed = await collected(listFiles({ ...client, repo, recursive: true, expand: true }));
    expect(listed.map(({ path, type }) => `${type} ${path}`)).toEqual([
      "file .gitattributes",
      "file README.md",
      "directory d ir",
      ...files.map(({ path }) => `file ${path}`),
    ]);
    expect(listed.at(-1)?.lastCommit?.title).toBe("five");
    expect(await pathsInfo({ ...client, repo, paths: ["d ir/0.txt", "nope"], expand: true })).toMatchObject([
      { path: "d ir/0.txt", size: 6, lastCommit: { title: "five" } },
    ]);

    const info = await modelInfo({ ...client, name: repo, additionalFields: ["author", "sha", "tags", "cardData"] });
    expect(info).toMatchObject({
      id: created.id,
      name: repo,
      private: false,
      author: "ada",
      cardData: { license: "mit" },
    });
    expect((await collected(listModels({ ...client, search: { owner: "ada" } }))).map(({ name }) => name)).toEqual([
      repo,
    ]);

    await createBranch({ ...client, repo, branch: "side/one" });
    await commit({
      ...client,
      repo,
      branch: "side/one",
      title: "on the side",
      operations: [
        { operation: "delete", path: "d ir/0.txt" },
        { operation: "addOrUpdate", path: "new.txt", content: new Blob(["new"]) },
      ],
    });
    expect(await countCommits({ ...client, repo, revision: "side/one" })).toBe(3);
    const history = await collected(listCommits({ ...client, repo, revision: "side/one", batchSize: 1 }));
    expect(history.map(({ title }) => title)).toEqual(["on the side", "five", "initial commit"]);
    await deleteBranch({ ...client, repo, branch: "side/one" });
    await deleteFile({ ...client, repo, path: "d ir/1.txt" });
    expect(await collected(listFiles({ ...client, repo, path: "d ir" }))).toHaveLength(4);

    await checkRepoAccess({ ...client, repo });
    await deleteRepo({ ...client, repo });
    expect(await repoExists({ ...client, repo })).toBe(false);
  });
});
