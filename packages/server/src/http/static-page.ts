/** Nothing on these pages runs or loads anything. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "cache-control": "public, max-age=300",
};

/** A whole page. @param body - HTML; the caller escapes what is not its own. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Postern</title>
<style>
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; color: #1c1f24; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem } a { color: #1a56b0 } .wire { margin-top: 2.5rem; color: #5a6270; font-size: .9rem }
ul { padding-left: 0; list-style: none } li { margin: .35rem 0 } code, pre { font-family: ui-monospace, monospace; font-size: .92em } pre { background: #f2f4f7; padding: .9rem 1rem; border-radius: .4rem; overflow-x: auto }
@media (prefers-color-scheme: dark) { body { color: #e3e6ea; background: #15181d } a { color: #8ab4f8 } .wire { color: #9aa3b0 } pre { background: #20242b } }
</style>
<h1>${title}</h1>
${body}
</html>
`;
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
