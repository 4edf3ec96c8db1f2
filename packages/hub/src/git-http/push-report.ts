import { FLUSH, pktLine } from "./pkt-line.ts";
import type { PushHead } from "./push-commands.ts";

/** What became of one command. */
export type CommandOutcome =
  | { readonly ref: string; readonly kind: "moved" }
  /** `reason`: a few words; git prints them behind the name of the ref. */
  | { readonly ref: string; readonly kind: "refused"; readonly reason: string };

/** What became of a push. */
export interface PushOutcome {
  /** Why nothing could be taken in, in a few words; `undefined` when the objects are fine. */
  readonly unpackError?: string;
  readonly commands: readonly CommandOutcome[];
  /** Sentences for the pusher; git shows each behind `remote: `. */
  readonly messages: readonly string[];
}

const PROGRESS = 2;
const DATA = 1;
const MAX_BAND_BYTES = 8000;

/** Keeps connections and the proxies between alive while a push is looked at; git shows nothing of it. */
export const KEEP_ALIVE: Buffer = pktLine(Buffer.from([PROGRESS]));

/** The answer to a push, as git reads it (gitprotocol-pack, "Report Status"). */
export function formatPushReport(head: Pick<PushHead, "sideband" | "reportStatus">, outcome: PushOutcome): Buffer {
  const report = head.reportStatus ? statusOf(outcome) : Buffer.alloc(0);
  if (!head.sideband) return report;
  const said = outcome.messages.flatMap((message) => inBand(PROGRESS, Buffer.from(`${oneLine(message)}\n`)));
  return Buffer.concat([...said, ...inBand(DATA, report), FLUSH]);
}

function statusOf({ unpackError, commands }: PushOutcome): Buffer {
  const lines = commands.map((outcome) =>
    outcome.kind === "moved" ? `ok ${outcome.ref}\n` : `ng ${outcome.ref} ${oneLine(outcome.reason)}\n`,
  );
  const unpack = unpackError === undefined ? "ok" : oneLine(unpackError);
  return Buffer.concat([pktLine(`unpack ${unpack}\n`), ...lines.map(pktLine), FLUSH]);
}

function inBand(band: number, content: Buffer): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += MAX_BAND_BYTES) {
    pieces.push(pktLine(Buffer.concat([Buffer.from([band]), content.subarray(at, at + MAX_BAND_BYTES)])));
  }
  return pieces;
}

/** Names come from the pusher: control characters would write on the terminals of others. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, "?").slice(0, 1000);
}
