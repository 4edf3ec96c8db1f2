import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Large enough for the hub to keep it as an LFS object. */
export const WEIGHTS_BYTES: number = 12 * 1024 * 1024;

/** Writes a small model: a card, nested folders, an empty file, a name with a space, and weights that differ every time. */
export async function writeSampleFolder(folder: string): Promise<void> {
  const files: Readonly<Record<string, string | Buffer>> = {
    "README.md": CARD,
    "config.json": `${JSON.stringify({ architecture: "tiny", layers: 2, width: 64 }, null, 2)}\n`,
    "tokenizer/vocab.txt": "<pad>\n<unk>\nhello\nworld\n",
    "evaluation/2026/november/first run.txt": "accuracy 0.83\n",
    "evaluation/.keep": "",
    "model.safetensors": randomBytes(WEIGHTS_BYTES),
  };
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

const CARD = `---
license: apache-2.0
language: en
tags:
  - demo
---

# tiny-model

Published by a CI job that held no secret.
`;
