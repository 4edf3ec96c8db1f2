import { isRecord, textIn } from "../http/json-value.ts";
import type { HubCaller } from "./prepare-hub.ts";

/** What the hub wrote down about the newest commit: its author, and the trailers that name the job. */
export async function describeCommit(hub: HubCaller, repo: string, url: string): Promise<readonly string[]> {
  const answer = await hub.call("GET", `/api/models/${repo}/commits/main`);
  const newest: unknown = Array.isArray(answer) ? answer[0] : undefined;
  if (!isRecord(newest)) return [];
  const authors = Array.isArray(newest.authors) ? newest.authors.filter(isRecord) : [];
  const names = authors.flatMap((author) => textIn(author, "user") ?? textIn(author, "name") ?? []);
  const trailers = (textIn(newest, "message") ?? "").split("\n").filter((line) => /^[A-Z][A-Za-z-]+: \S/.test(line));
  return [`commit ${(textIn(newest, "id") ?? "").slice(0, 12)} by ${names.join(", ")} (${url}/${repo})`, ...trailers];
}
