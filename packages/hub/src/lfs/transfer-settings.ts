/** How uploads and downloads of large files are cut and for how long their URLs live. */
export interface TransferSettings {
  /** Seconds from the batch to the last moment at which a transfer may begin; never longer than the token lives. */
  readonly urlLifetimeSeconds: number;
  /** Objects of more bytes than this go in parts where the client can. */
  readonly multipartAbove: number;
  /** Bytes of one part, at least; larger for objects that would need more than 1,000 parts. */
  readonly chunkSize: number;
  /** Bytes; a larger object is refused. */
  readonly maxObjectSize: number;
  /** Seconds without a byte after which an upload is given up, so that half-open connections do not keep files for ever. */
  readonly idleSeconds: number;
}

const MIB = 1024 * 1024;

/** One hour, parts of 64 MiB above 256 MiB, objects up to 512 GiB. */
export const DEFAULT_TRANSFER_SETTINGS: TransferSettings = {
  urlLifetimeSeconds: 3600,
  multipartAbove: 256 * MIB,
  chunkSize: 64 * MIB,
  maxObjectSize: 512 * 1024 * MIB,
  idleSeconds: 300,
};

/** Part URLs travel in one answer, several hundred bytes each. */
const MAX_PARTS = 1000;

/** The part size for an object of `size` bytes: whole MiB where it has to grow. */
export function chunkSizeFor(size: number, settings: TransferSettings): number {
  const smallest = Math.ceil(size / MAX_PARTS);
  return smallest <= settings.chunkSize ? settings.chunkSize : Math.ceil(smallest / MIB) * MIB;
}
