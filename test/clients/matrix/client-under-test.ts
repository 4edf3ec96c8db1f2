import type { Refusal } from "./access-rules.ts";
import type { Access, Bearer, Cell, Expected, Operation, Outcome } from "./axes.ts";

/** One repo that belongs to one client alone, and a folder for that client to work in. Its cells run one after another. */
export interface Lane {
  readonly hubUrl: string;
  readonly access: Access;
  /** `namespace/name` of a model. */
  readonly repo: string;
  readonly tokens: Readonly<Record<Bearer, string | undefined>>;
  readonly folder: string;
}

/** A real client and what it makes of each refusal. */
export interface ClientUnderTest {
  readonly name: string;
  /** Why it cannot run here, or `undefined`. */
  readonly missing: string | undefined;
  readonly operations: readonly Operation[];
  /** Tries the cells in their order. @returns one outcome for each. */
  run(lane: Lane, cells: readonly Cell[]): Promise<readonly Outcome[]>;
  /** How this client shows a refusal by the hub. */
  expects(operation: Operation, refusal: Refusal): Extract<Expected, { readonly kind: "refused" }>;
}

/** For clients that try one cell at a time. */
export async function oneByOne(
  cells: readonly Cell[],
  attempt: (cell: Cell) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const cell of cells) outcomes.push(await attempt(cell));
  return outcomes;
}
