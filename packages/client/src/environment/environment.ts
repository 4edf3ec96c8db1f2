/** The process's variables as they are when they are read; never copied, so a later step's change is seen. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** True for `1`, `ON`, `YES` and `TRUE` in any case, as every `HF_…` switch is read. */
export function isSwitchedOn(environment: Environment, name: string): boolean {
  return ["1", "ON", "YES", "TRUE"].includes((environment[name] ?? "").toUpperCase());
}
