export type { CliContext } from "./context/cli-context.ts";
export { runCommandLine } from "./main.ts";
export { createTerminal, type Terminal, type TerminalStream, type TextStyle } from "./terminal/terminal.ts";
