/** Port: a place that keeps checkpoints where whoever can write the database cannot write. */
export interface CheckpointSink {
  /** `file` or `http`, with what tells two of a kind apart; shown in the log and in audit entries. */
  readonly name: string;
  /** Resolves once the note is kept. @throws whatever went wrong; the same note is then sent again. */
  send(note: string, signal: AbortSignal): Promise<void>;
}
