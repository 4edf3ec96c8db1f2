import type { CliContext } from "../context/cli-context.ts";

export interface TokenWish {
  /** The token is what was asked for, so HF_HUB_DISABLE_IMPLICIT_TOKEN does not apply (hub-wire §10.1). */
  readonly askedFor: boolean;
}

/** The token of this environment, as every Hub client resolves it (hub-wire §10.2). */
export async function resolveToken(
  context: CliContext,
  endpoint: string,
  { askedFor }: TokenWish,
): Promise<string | undefined> {
  const { createClient } = await import("@postern/client");
  const client = createClient({ environment: context.env });
  return client.getToken({ endpoint, signal: context.signal, ...(askedFor ? { token: true } : {}) });
}
