/** A refusal of the object store: its own code (`NoSuchKey`), never the address that was called, which may be signed. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;

  constructor(operation: string, status: number, code: string, options?: ErrorOptions) {
    super(`the object store answered ${status} ${code} to ${operation}`, options);
    this.name = "S3Error";
    this.status = status;
    this.code = code;
  }
}

/** Whether the store says that there is no such object; after a HEAD, which has no body, it may be the bucket that is missing. */
export function isMissing(error: unknown): boolean {
  return error instanceof S3Error && error.status === 404 && error.code !== "NoSuchBucket";
}
