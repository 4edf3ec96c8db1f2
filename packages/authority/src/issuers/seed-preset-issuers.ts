import { parseIssuerUrl } from "@postern/core/issuer/issuer-url";
import { PRESETS } from "@postern/core/provider/presets";
import type { IssuerStore } from "./issuer-store.ts";

/**
 * Stores the public issuers of the presets (github.com, gitlab.com), so that a publisher may name them without further ado. Reads
 * nothing over the network: keys are fetched when the first token of an issuer comes.
 *
 * Only into a store without any issuer, that is on the first start: an issuer that an administrator removed must stay removed.
 */
export async function seedPresetIssuers(deps: {
  readonly issuers: IssuerStore;
  readonly newId: () => string;
}): Promise<void> {
  if ((await deps.issuers.list()).length > 0) return;
  for (const preset of Object.values(PRESETS)) {
    for (const text of preset.publicIssuers) {
      const url = parseIssuerUrl(text);
      if (url === undefined) continue;
      const id = deps.newId();
      await deps.issuers.add(
        { id, provider: preset.id, url, allowOrigins: [], enabled: true },
        {
          event: "issuer.add",
          outcome: "allowed",
          actor: { kind: "system", name: "first start", tokenId: undefined },
          resource: `issuers/${id}`,
          requestId: "first-start",
          sourceAddress: undefined,
          detail: { provider: preset.id, url, allow_origins: [] },
        },
      );
    }
  }
}
