/** Lower-cases `A` to `Z` and nothing else: Unicode folding would make look-alikes equal (`K` the kelvin sign and `k`). */
export function foldAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
