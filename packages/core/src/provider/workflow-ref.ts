/** The parts of GitHub's `OWNER/REPO/.github/workflows/FILE@REF`. */
export interface WorkflowRef {
  readonly repo: string;
  readonly file: string;
  readonly ref: string;
}

const FOLDER = "/.github/workflows/";
const WORKFLOW_FILE = /^[^/]+\.ya?ml$/;

/** True for the name of a workflow file as it stands in `.github/workflows`. */
export function isWorkflowFile(name: string): boolean {
  return WORKFLOW_FILE.test(name);
}

/**
 * Splits a workflow reference without searching for a separator that a file or branch name could forge.
 *
 * File names hold no `/`, and refs are either `refs/…` or a commit hash. So the first `/` after the folder belongs to `@refs/`, and
 * a text without one ends in `@` + hash. `a.yml@refs/heads/b.yml@x` is the file `a.yml`, never `b.yml`.
 *
 * @returns `undefined` when the text has another form.
 */
export function splitWorkflowRef(text: string): WorkflowRef | undefined {
  const folderAt = text.indexOf(FOLDER);
  if (folderAt === -1) return undefined;
  const repo = text.slice(0, folderAt);
  if (!/^[^/@]+\/[^/@]+$/.test(repo)) return undefined;
  const rest = text.slice(folderAt + FOLDER.length);
  const slashAt = rest.indexOf("/");
  const split = slashAt === -1 ? splitAtHash(rest) : splitAtRefs(rest, slashAt);
  if (split === undefined || !isWorkflowFile(split.file)) return undefined;
  return { repo, ...split };
}

function splitAtRefs(rest: string, slashAt: number): { file: string; ref: string } | undefined {
  const marker = "@refs";
  const head = rest.slice(0, slashAt);
  if (!head.endsWith(marker)) return undefined;
  const file = head.slice(0, -marker.length);
  return { file, ref: rest.slice(file.length + 1) };
}

function splitAtHash(rest: string): { file: string; ref: string } | undefined {
  const at = rest.lastIndexOf("@");
  if (at === -1) return undefined;
  const ref = rest.slice(at + 1);
  return /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(ref) ? { file: rest.slice(0, at), ref } : undefined;
}
