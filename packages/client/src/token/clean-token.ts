/** Without line breaks anywhere and without blanks around it; `undefined` when nothing is left. */
export function cleanToken(text: string | undefined): string | undefined {
  return text?.replaceAll(/[\r\n]/g, "").trim() || undefined;
}
