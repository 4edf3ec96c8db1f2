import type { FastifyInstance } from "fastify";
import { escapeHtml, PAGE_HEADERS, page } from "./static-page.ts";

/** `/` tells whoever opens the printed address what answers here and how to use it. */
export function registerHomePage(app: FastifyInstance, publicUrl: string): void {
  const body = `<p>This is a model hub. The clients of the Hugging Face Hub work against it; tell them where it is:</p>
<pre>export HF_ENDPOINT=${escapeHtml(publicUrl)}
export HF_HUB_DISABLE_XET=1    # uploads of large files by hf: they travel by LFS here
hf download NAMESPACE/NAME
hf upload NAMESPACE/NAME ./folder</pre>
<p>A CI job publishes without a stored secret: <code>HF_OIDC_RESOURCE=NAMESPACE/NAME</code> names the repo, the job's own id token does the rest.</p>
<p><a href="/errors">Why an exchange is refused</a> · <a href="/oauth/jwks">keys of our tokens</a> · <a href="/.well-known/openid-configuration">discovery</a> · <a href="/readyz">health</a></p>`;
  const html = page("Postern", body);
  app.get("/", (_request, reply) => reply.headers(PAGE_HEADERS).send(html));
}
