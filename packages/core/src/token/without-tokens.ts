/**
 * `text` with everything that has the shape of a token replaced: ours (`hf_…`) and JWTs.
 *
 * For what a caller wrote and we repeat in a log or an audit entry, such as the path of a request: people paste tokens where ids belong.
 */
export function withoutTokens(text: string): string {
  return text
    .replaceAll(/hf_[A-Za-z0-9_.-]{20,}/g, "hf_***")
    .replaceAll(/eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, "eyJ***");
}
