import type { PublisherTargetOptions } from "./publisher-path.ts";

/** The options of `postern publisher test`. */
export interface TestOptions extends PublisherTargetOptions {
  readonly tokenFile?: string;
  readonly provider?: string;
  readonly claim?: readonly string[];
}
