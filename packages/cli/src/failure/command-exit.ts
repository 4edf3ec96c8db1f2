/** Ends the command line with another program's exit code, and no words: that program has said its own. */
export class CommandExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`the command ended with ${exitCode}`);
    this.name = "CommandExit";
    this.exitCode = exitCode;
  }
}
