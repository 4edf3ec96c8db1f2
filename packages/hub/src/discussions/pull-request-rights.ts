import { isOwnOf } from "@postern/core/access/discussion-access";
import type { Principal } from "@postern/core/access/principal";
import type { PullRequestRights } from "../git-http/ref-rules.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import type { Discussion } from "./discussion.ts";
import type { Discussions } from "./discussions.ts";

/** Whose pull requests may be pushed to, beside the repo's writers: everybody's own, while it is open or a draft. */
export class OpenPullRequests implements PullRequestRights {
  readonly #discussions: Pick<Discussions, "find" | "list">;

  constructor(discussions: Pick<Discussions, "find" | "list">) {
    this.#discussions = discussions;
  }

  async mayPushSome({ repoId }: StoredRepo, principal: Principal): Promise<boolean> {
    if (principal.kind !== "user") return false;
    const query = { type: "pull_request", status: "open", author: principal.name, skip: 0, limit: 100 } as const;
    const { discussions } = await this.#discussions.list(repoId, query);
    return discussions.some(({ author }) => isOwnOf(principal, author));
  }

  async mayPush({ repoId }: StoredRepo, num: number, principal: Principal): Promise<boolean> {
    const discussion = await this.#discussions.find(repoId, num);
    return isOpenPull(discussion) && isOwnOf(principal, discussion.author);
  }

  async isOpen({ repoId }: StoredRepo, num: number): Promise<boolean> {
    return isOpenPull(await this.#discussions.find(repoId, num));
  }
}

function isOpenPull(discussion: Discussion | undefined): discussion is Discussion {
  return discussion?.pull !== undefined && (discussion.status === "open" || discussion.status === "draft");
}
