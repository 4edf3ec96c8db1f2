/** A setting that stops the start: its name, what is wrong, and an example that would work. */
export class ConfigError extends Error {
  readonly setting: string;
  readonly example: string;

  constructor(setting: string, problem: string, example: string) {
    super(`${setting}: ${problem}. For example: ${example}`);
    this.name = "ConfigError";
    this.setting = setting;
    this.example = example;
  }
}
