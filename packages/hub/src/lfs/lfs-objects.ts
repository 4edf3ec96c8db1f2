/** Port: which stored LFS objects belong to which repo. An object that another repo holds counts as absent here. */
export interface LfsObjects {
  /** The object's size in bytes when it is stored and linked to this repo. `oid` is 64 lower-case hex digits. */
  isLinked(repoId: string, oid: string): Promise<number | undefined>;
}
