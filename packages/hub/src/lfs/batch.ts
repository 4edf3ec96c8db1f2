/** The batch API of git-lfs, with the Hub's extension for parts (hub-wire §7.2). */
export interface BatchRequest {
  readonly operation: "upload" | "download";
  /** The ref that the upload is for; clients leave it out when they open a pull request (hub-wire §7.2). */
  readonly ref: string | undefined;
  /** What the client can do; `["basic"]` when it did not say. */
  readonly transfers: readonly string[];
  readonly objects: readonly RequestedObject[];
}

/** As the client sent it: `oid` and `size` still have to be judged, one by one. */
export interface RequestedObject {
  readonly oid: string;
  readonly size: number;
}

export interface BatchResponse {
  readonly transfer: TransferName;
  readonly hash_algo: "sha256";
  readonly objects: readonly ObjectAnswer[];
}

export type TransferName = "basic" | "multipart";

/** No actions and no error on an upload: the repo holds the object already. Never sent empty or null: clients trip over that. */
export type ObjectAnswer = {
  readonly oid: string;
  readonly size: number;
  /** Tells git-lfs to send no credentials to the URLs. */
  readonly authenticated?: true;
} & (
  | { readonly actions?: ObjectActions; readonly error?: never }
  | { readonly error: { readonly code: number; readonly message: string }; readonly actions?: never }
);

export interface ObjectActions {
  readonly upload?: TransferAction;
  readonly verify?: TransferAction;
  readonly download?: TransferAction;
}

export interface TransferAction {
  readonly href: string;
  /** For an upload in parts: `chunk_size` and one URL per part. All values are strings. */
  readonly header?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly expires_in: number;
}
