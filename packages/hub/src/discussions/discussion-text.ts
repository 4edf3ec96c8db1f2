import { HubError } from "@postern/core/error/hub-error";

const MIN_TITLE = 3;
const MAX_TITLE = 200;
const MAX_COMMENT = 65_536;

/** A title on one line. @throws {HubError} 400 unless it has 3 to 200 characters. */
export function parseTitle(text: string): string {
  const title = text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  const { length } = [...title];
  if (length >= MIN_TITLE && length <= MAX_TITLE && title.isWellFormed()) return title;
  throw new HubError(400, "BadRequest", `A title has ${MIN_TITLE} to ${MAX_TITLE} characters.`);
}

/** The text of a comment, Markdown. @throws {HubError} 400 when it is empty or has more than 65,536 characters. */
export function parseComment(text: string): string {
  const comment = text.replaceAll("\0", "").trim();
  if (comment !== "" && comment.length <= MAX_COMMENT && comment.isWellFormed()) return comment;
  throw new HubError(400, "BadRequest", `A comment has 1 to ${MAX_COMMENT} characters.`);
}
