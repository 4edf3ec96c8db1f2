const encoder = new TextEncoder();

/** The id that git gives an object: SHA-1 over type, length and content, 40 hex digits (gitformat-loose). */
export async function gitObjectId(type: "commit" | "tree" | "blob", content: Uint8Array): Promise<string> {
  const head = encoder.encode(`${type} ${content.length}\0`);
  const octets = new Uint8Array(head.length + content.length);
  octets.set(head);
  octets.set(content, head.length);
  return hexOf(await crypto.subtle.digest("SHA-1", octets));
}

function hexOf(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (octet) => octet.toString(16).padStart(2, "0")).join("");
}
