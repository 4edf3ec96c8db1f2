import type { DirectUpload } from "../../lfs/direct-transfers.ts";
import { type LfsOid, parseLfsOid } from "../../lfs/lfs-oid.ts";

/** Where things lie in the bucket, below one prefix (`""`, or text with a slash at its end). Documented in `docs/reference/lfs-store.md`. */
export class BucketKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get objects(): string {
    return `${this.#prefix}objects/`;
  }

  get quarantine(): string {
    return `${this.#prefix}quarantine/`;
  }

  /** What clients write to, and what was not checked yet. */
  get incoming(): string {
    return `${this.#prefix}incoming/`;
  }

  object(oid: LfsOid): string {
    return this.objects + oid;
  }

  quarantined(oid: LfsOid): string {
    return this.quarantine + oid;
  }

  /** One place per repo and object: of two senders the later one counts, and what arrives is checked anyway. */
  arrival({ repoId, oid }: Pick<DirectUpload, "repoId" | "oid">): string {
    return `${this.incoming}${repoId}/${oid}`;
  }

  /** `token` is 32 random hex digits. */
  joined(token: string): string {
    return `${this.incoming}joined/${token}`;
  }

  part(token: string, partNumber: number, tag: string): string {
    return `${this.incoming}parts/${token}/${String(partNumber).padStart(5, "0")}-${tag}`;
  }

  /** The object that a key below `folder` names; `undefined` when it names none. */
  oidOf(key: string, folder: string): LfsOid | undefined {
    return parseLfsOid(key.slice(folder.length));
  }
}
