import { isUtf8 } from "node:buffer";
import { HubError } from "@postern/core/error/hub-error";
import { type ObjectId, parseObjectId } from "../git/object-id.ts";
import type { PktReader } from "./pkt-line.ts";

/** What a pusher wants of one ref; `undefined` stands for "does not exist". */
export interface PushCommand {
  /** Full, as the pusher wrote it: nothing about it has been checked. */
  readonly ref: string;
  readonly old: ObjectId | undefined;
  readonly new: ObjectId | undefined;
}

/** The head of a push; the pack follows it in the body. */
export interface PushHead {
  readonly commands: readonly PushCommand[];
  /** All refs or none. */
  readonly atomic: boolean;
  /** Whether the answer is wrapped so that sentences for people can travel beside it. */
  readonly sideband: boolean;
  readonly reportStatus: boolean;
}

/** Most refs that one push moves. */
export const MAX_PUSH_COMMANDS = 5000;
/** `git push` from a shallow clone names each commit where its history ends. */
const MAX_SHALLOW_LINES = 100_000;

/**
 * Reads the commands of a push up to their flush (gitprotocol-pack, "Reference Update Request").
 *
 * `shallow` lines are read over: our repos are whole, and a pack whose objects name one that is nowhere is refused anyway.
 *
 * @returns `undefined` for a lone flush: git asks so whether it may push before it sends a large body (hub-wire §9).
 * @throws {HubError} 400 for what is no push, 413 for too many commands.
 */
export async function readPushHead(reader: PktReader): Promise<PushHead | undefined> {
  const commands: PushCommand[] = [];
  const refs = new Set<string>();
  let capabilities: ReadonlySet<string> | undefined;
  let shallow = 0;
  for (;;) {
    const pkt = await reader.next();
    if (pkt === undefined && commands.length === 0) return undefined;
    if (pkt?.kind === "flush") break;
    // A name that is no UTF-8 would be stored under another one.
    if (pkt?.kind !== "line" || !isUtf8(pkt.content)) throw malformed();
    const text = pkt.content.toString("utf8").replace(/\n$/, "");
    if (/^shallow [0-9a-f]{40}$/.test(text)) {
      if (++shallow > MAX_SHALLOW_LINES) throw malformed();
      continue;
    }
    const [line = "", listed] = text.split("\0");
    capabilities ??= new Set((listed ?? "").split(" "));
    const command = parseCommand(line);
    if (refs.has(command.ref)) throw new HubError(400, "BadRequest", "A push names each ref once.");
    if (commands.length >= MAX_PUSH_COMMANDS) {
      throw new HubError(413, "PayloadTooLarge", `A push moves at most ${MAX_PUSH_COMMANDS} refs. Push in parts.`);
    }
    refs.add(command.ref);
    commands.push(command);
  }
  if (commands.length === 0 || capabilities === undefined) return undefined;
  return {
    commands,
    atomic: capabilities.has("atomic"),
    sideband: capabilities.has("side-band-64k"),
    reportStatus: capabilities.has("report-status") || capabilities.has("report-status-v2"),
  };
}

function parseCommand(line: string): PushCommand {
  const match = /^([0-9a-f]{40}) ([0-9a-f]{40}) (.+)$/su.exec(line);
  const [, old = "", wanted = "", ref = ""] = match ?? [];
  if (match === null || ref.length > 1024) throw malformed();
  const command = { ref, old: present(old), new: present(wanted) };
  if (command.old === undefined && command.new === undefined) throw malformed();
  return command;
}

function present(text: string): ObjectId | undefined {
  return /^0+$/.test(text) ? undefined : parseObjectId(text);
}

function malformed(): HubError {
  return new HubError(400, "BadRequest", "This push cannot be read: it does not begin with commands.");
}
