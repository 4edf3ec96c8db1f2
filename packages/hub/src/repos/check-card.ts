import { HubError } from "@postern/core/error/hub-error";
import type { ObjectId } from "../git/object-id.ts";
import type { TreeItem } from "../git/tree-object.ts";
import { MAX_CARD_BYTES, readCardData } from "./card-data.ts";

const CARD = "README.md";

/** How the card of a root tree is read; a repo, or what a push brought. */
export interface CardSource {
  readTree(oid: ObjectId): Promise<readonly TreeItem[] | undefined>;
  readBlob(oid: ObjectId, maxBytes: number): Promise<Buffer | undefined>;
}

/**
 * Why the card of `tree` cannot be read; `undefined` when it can, or when it is the one of `before`: a repo whose card was bad before this
 * rule can still be worked on.
 */
export async function cardFault(
  source: CardSource,
  tree: ObjectId,
  before: ObjectId | undefined,
): Promise<string | undefined> {
  const card = await cardOf(source, tree);
  if (card === undefined) return undefined;
  if (before !== undefined && (await cardOf(source, before)) === card) return undefined;
  const content = await source.readBlob(card, MAX_CARD_BYTES);
  const { errors } = readCardData(content?.toString("utf8") ?? "");
  return errors.length === 0 ? undefined : `Invalid metadata in ${CARD}: ${errors.join(" ")}`;
}

/** @throws {HubError} 400, as the Hub refuses a commit whose card nobody could read. */
export async function refuseBadCard(source: CardSource, tree: ObjectId, before: ObjectId | undefined): Promise<void> {
  const fault = await cardFault(source, tree, before);
  if (fault !== undefined) throw new HubError(400, "BadRequest", fault);
}

async function cardOf(source: CardSource, tree: ObjectId): Promise<ObjectId | undefined> {
  const items = await source.readTree(tree);
  return items?.find(({ name, mode }) => name === CARD && mode.startsWith("100"))?.oid;
}
