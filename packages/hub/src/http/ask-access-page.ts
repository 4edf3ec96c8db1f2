import type { AccessRequestStatus } from "@postern/core/access/file-access";
import { pluralOf } from "@postern/core/resource/repo-kind";
import { repoIdOf, repoPathOf } from "@postern/core/resource/repo-ref";
import type { StoredRepo } from "../repos/repo-catalogue.ts";

/** Nothing on the page runs, loads or sends anything; it may differ from reader to reader. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "cache-control": "private, no-store",
  "x-content-type-options": "nosniff",
};

/** How to ask for access, in words and in commands. Names pass the grammar of repo ids, so nothing here needs escaping but the origin. */
export function askAccessPage(repo: StoredRepo, own: AccessRequestStatus | undefined, origin: string): string {
  const id = repoIdOf(repo.repo);
  const type = repo.repo.kind === "model" ? "" : ` --repo-type ${repo.repo.kind}`;
  const at = escapeHtml(origin);
  const state = own === undefined ? "" : `<p>Your request: <strong>${own}</strong>.</p>`;
  const how =
    repo.gated === undefined
      ? "<p>This repo is not gated: whoever may see it may read its files.</p>"
      : `<p>The files of this repo are gated. ${HOW[repo.gated]} The authors see your name and mail address.</p>
<p>What they ask of readers stands in the <a href="/${repoPathOf(repo.repo)}/resolve/main/README.md">README</a>.</p>
<pre>export HF_ENDPOINT=${at}
postern repo request-access ${id}${type}</pre>
<p>or, with a write token of yours:</p>
<pre>curl -X POST -H "Authorization: Bearer $HF_TOKEN" ${at}/api/${pluralOf(repo.repo.kind)}/${id}/user-access-request</pre>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Access to ${id} · Postern</title>
<style>
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; color: #1c1f24; background: #fff }
pre { background: #f2f4f7; padding: .9rem 1rem; border-radius: .4rem; overflow-x: auto }
@media (prefers-color-scheme: dark) { body { color: #e3e6ea; background: #15181d } a { color: #8ab4f8 } pre { background: #20242b } }
</style>
<h1>Access to ${id}</h1>
${state}${how}
</html>
`;
}

const HOW = {
  auto: "Ask once, and you are let in at once.",
  manual: "Ask, and the authors decide.",
} as const;

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
