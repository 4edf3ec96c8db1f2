/** Is `text` an id as `StoredRepo.repoId` has it: 24 lower-case hex digits? Checked before it becomes a path. */
export function isRepoId(text: string): boolean {
  return /^[0-9a-f]{24}$/.test(text);
}
