import type { RepoKind } from "@postern/core/resource/repo-kind";
import type { CardData } from "./card-data.ts";

/** Of one kind of tag; a card with more than this describes nothing. */
const MAX_TAGS = 200;
const MAX_TAG_LENGTH = 200;

/** What lists of repos are filtered by. */
export interface CardFacts {
  readonly pipelineTag: string | undefined;
  readonly libraryName: string | undefined;
  /** As the Hub spells them: plain for a task, a library or a model's language, `license:mit`, `dataset:ns/name`, `size_categories:1K<n<10K`. */
  readonly tags: readonly string[];
}

/** Card fields that become tags with their name in front. */
const NAMED: Readonly<Record<RepoKind, readonly string[]>> = {
  model: ["license", "base_model"],
  dataset: [
    "license",
    "language",
    "task_categories",
    "task_ids",
    "size_categories",
    "multilinguality",
    "language_creators",
    "annotations_creators",
    "source_datasets",
  ],
  space: ["license"],
  kernel: ["license"],
};

/** Derives the tags of a repo from its card. What has another type than it should is passed over. */
export function cardFactsOf(kind: RepoKind, data: CardData["data"]): CardFacts {
  if (data === undefined) return { pipelineTag: undefined, libraryName: undefined, tags: [] };
  const [pipelineTag] = strings(data.pipeline_tag);
  const [libraryName] = strings(data.library_name);
  const tags = [libraryName ?? [], pipelineTag ?? [], strings(data.tags)].flat();
  if (kind !== "dataset") tags.push(...strings(data.language));
  if (kind === "space") tags.push(...strings(data.sdk));
  if (kind === "model") tags.push(...strings(data.datasets).map((dataset) => `dataset:${dataset}`));
  for (const name of NAMED[kind]) tags.push(...strings(data[name]).map((value) => `${name}:${value}`));
  return { pipelineTag, libraryName, tags: [...new Set(tags)].slice(0, MAX_TAGS) };
}

function strings(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list
    .filter((item) => typeof item === "string")
    .map((item) => item.trim())
    .filter((item) => item !== "" && item.length <= MAX_TAG_LENGTH);
}
