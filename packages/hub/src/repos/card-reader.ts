import type { GitRepository } from "../git/git-repository.ts";
import type { ObjectId } from "../git/object-id.ts";
import { type CardData, MAX_CARD_BYTES, readCardData } from "./card-data.ts";

const MAX_HELD = 200;

/** Reads cards out of repos; a card that was read stays known by its blob id, because parsing one is slow. */
export class CardReader {
  readonly #held = new Map<ObjectId, CardData>();

  async cardAt(git: GitRepository, commit: ObjectId): Promise<CardData> {
    const entry = await git.entryAt(commit, "README.md");
    if (entry?.type !== "file") return readCardData("");
    const known = this.#held.get(entry.oid);
    if (known !== undefined) return known;
    const content = await git.readBlob(entry.oid, MAX_CARD_BYTES);
    const card = readCardData(content?.toString("utf8") ?? "");
    if (this.#held.size >= MAX_HELD) this.#held.clear();
    this.#held.set(entry.oid, card);
    return card;
  }
}
