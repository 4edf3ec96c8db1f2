/**
 * How notes follow each other in a file: each as it is, then an empty line.
 *
 * A checkpoint has no empty lines inside, so the file reads as blocks between empty lines: a text, its signatures, a text, its signatures.
 * What a crash cut off in the middle is a block without its other half, and is passed over: the next note begins after an empty line.
 */
export function noteListItem(note: string): string {
  return `${note}\n`;
}

/** The notes of such a file, oldest first, in constant memory. Their signatures are not looked at here. */
export async function* notesOf(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let text: string | undefined;
  let block: string[] = [];
  for await (const line of lines) {
    if (line !== "") {
      block.push(line);
      continue;
    }
    const finished = block;
    block = [];
    if (finished[0]?.startsWith("— ") !== true) text = finished.length === 0 ? text : finished.join("\n");
    else if (text !== undefined) {
      yield `${text}\n\n${finished.join("\n")}\n`;
      text = undefined;
    }
  }
  if (text !== undefined && block[0]?.startsWith("— ") === true) yield `${text}\n\n${block.join("\n")}\n`;
}
