/** Port: which stored LFS objects belong to which repo. An object that another repo holds counts as absent here. */
export interface LfsObjects {
  /** The object's size in bytes when it is stored and linked to this repo. `oid` is 64 lower-case hex digits. */
  isLinked(repoId: string, oid: string): Promise<number | undefined>;
  /**
   * Like `isLinked`, for whoever is about to make a commit or ref that needs the object: the garbage collector leaves it alone from now on
   * until the ref is sure to be there. Every change of refs that brings in pointers asks this, never `isLinked`.
   */
  claim(repoId: string, oid: string): Promise<number | undefined>;
}
