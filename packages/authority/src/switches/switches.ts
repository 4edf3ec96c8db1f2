import type { AuditEvent } from "@postern/core/audit/audit-event";
import type { EpochSeconds } from "@postern/core/time/epoch-seconds";

/** What an administrator may switch off for the whole deployment: the token exchange, and every change of a repo (read-only mode). */
export const SWITCH_NAMES = ["exchange", "writes"] as const;
export type SwitchName = (typeof SWITCH_NAMES)[number];

/** A switch that is off. */
export interface SwitchedOff {
  readonly name: SwitchName;
  /** In the administrator's words; shown to those who are refused. */
  readonly reason: string;
  readonly at: EpochSeconds;
  readonly by: string;
}

/** Port: switches that are off. Every change commits together with its audit entry. */
export interface SwitchStore {
  list(): Promise<readonly SwitchedOff[]>;
  switchOff(off: SwitchedOff, audit: AuditEvent): Promise<void>;
  switchOn(name: SwitchName, audit: AuditEvent): Promise<void>;
}

/** Port of whoever must stop when a switch is off. */
export interface SwitchReader {
  /** `undefined` while it is on. */
  whyOff(name: SwitchName): SwitchedOff | undefined;
}

/** The switches, held in memory so that asking costs a hot path nothing; one process owns a data directory. */
export class Switches implements SwitchReader {
  readonly #store: SwitchStore;
  #off: readonly SwitchedOff[];

  private constructor(store: SwitchStore, off: readonly SwitchedOff[]) {
    this.#store = store;
    this.#off = off;
  }

  static async open(store: SwitchStore): Promise<Switches> {
    return new Switches(store, await store.list());
  }

  whyOff(name: SwitchName): SwitchedOff | undefined {
    return this.#off.find((off) => off.name === name);
  }

  async switchOff(off: SwitchedOff, audit: AuditEvent): Promise<void> {
    await this.#store.switchOff(off, audit);
    this.#off = await this.#store.list();
  }

  async switchOn(name: SwitchName, audit: AuditEvent): Promise<void> {
    await this.#store.switchOn(name, audit);
    this.#off = await this.#store.list();
  }
}
