import type { Participant } from "@postern/core/access/discussion-access";
import { repoIdOf } from "@postern/core/resource/repo-ref";
import { toIsoTime } from "@postern/core/time/epoch-seconds";
import type { Discussion, DiscussionEvent, EventData } from "../discussions/discussion.ts";
import type { Commit } from "../git/git-repository.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";

/** As lists show a discussion (hub-wire §4.2). */
export function discussionJson({ repo }: StoredRepo, discussion: Discussion): Record<string, unknown> {
  const { num, title, status, author, createdAt, pull } = discussion;
  return {
    num,
    title,
    status,
    author: authorJson(author),
    createdAt: toIsoTime(createdAt),
    isPullRequest: pull !== undefined,
    repo: { name: repoIdOf(repo), type: repo.kind },
    repoOwner: { name: repo.namespace },
    pinned: false,
    locked: false,
  };
}

/** What Python makes an event of. */
export function eventJson({ id, author, createdAt, data }: DiscussionEvent): Record<string, unknown> {
  return { id, author: authorJson(author), createdAt: toIsoTime(createdAt), ...dataJson(author, createdAt, data) };
}

/** A commit of a pull request among its events. */
export function commitEventJson({ id, title, authorName, committedAt }: Commit): Record<string, unknown> {
  return {
    id: id.slice(0, 24),
    author: { name: authorName, fullname: authorName, type: "user" },
    createdAt: new Date(committedAt * 1000).toISOString(),
    type: "commit",
    data: { subject: title, oid: id },
  };
}

function dataJson(
  author: Participant,
  createdAt: DiscussionEvent["createdAt"],
  data: EventData,
): Record<string, unknown> {
  switch (data.type) {
    case "status-change":
      return { type: data.type, data: { status: data.status } };
    case "title-change":
      return { type: data.type, data: { from: data.from, to: data.to } };
    case "comment": {
      const { by, at } = data.changed ?? { by: author, at: createdAt };
      const latest = {
        raw: data.text,
        html: htmlOf(data.text),
        updatedAt: toIsoTime(at),
        author: authorJson(by),
      };
      const edited = data.changed !== undefined && !data.hidden;
      const history = edited ? [{ updatedAt: toIsoTime(at), author: authorJson(by) }] : [];
      return {
        type: data.type,
        data: {
          edited,
          hidden: data.hidden,
          ...(data.hidden ? { hiddenBy: by.name } : {}),
          latest,
          history,
          numEdits: history.length,
        },
      };
    }
  }
}

function authorJson({ kind, name }: Participant): Record<string, unknown> {
  return { name, fullname: name, type: kind === "user" ? "user" : "app" };
}

/** Markdown is not rendered here: text that pages may show as it is. */
function htmlOf(text: string): string {
  const escaped = text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  return `<p>${escaped.replaceAll("\n", "<br>")}</p>`;
}
