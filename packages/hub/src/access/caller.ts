import type { Principal } from "@postern/core/access/principal";

/** Who asks, and how the audit log will know the request. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  readonly sourceAddress: string | undefined;
}
