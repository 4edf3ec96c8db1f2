import { HubError } from "@postern/core/error/hub-error";

/** The query of a request. Unknown parameters are never looked at, so never refused (hub-peers §0, 3). */
export class RequestFields {
  readonly #fields: Readonly<Record<string, unknown>>;

  private constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  /** Of a query, a form or a JSON body; an absent body has no fields. @throws {HubError} 400 when it is no object. */
  static of(value: unknown): RequestFields {
    if (value === undefined || value === null) return new RequestFields({});
    if (!isRecord(value)) throw new HubError(400, "BadRequest", "The body of this request must be a JSON object.");
    return new RequestFields(value);
  }

  /** `null` counts as absent. @throws {HubError} 400. */
  optionalText(name: string): string | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    throw wrong(name, "a string");
  }

  /** @throws {HubError} 400. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw wrong(name, "a string");
    return value;
  }

  /** `true` and `"true"` and `"1"`; anything else is false, as the Hub's clients send `False` in several spellings. */
  flag(name: string): boolean {
    const value = this.#fields[name];
    return value === true || (typeof value === "string" && /^(?:true|1)$/i.test(value));
  }

  /** A boolean of our own API, where a wrong type is a mistake and no spelling of false. @throws {HubError} 400. */
  optionalFlag(name: string): boolean | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    throw wrong(name, "true or false");
  }

  /** The Hub's `gated`: `"auto"`, `"manual"` or `false`. @throws {HubError} 400. */
  optionalGate(): "auto" | "manual" | false | undefined {
    const value = this.#fields.gated ?? undefined;
    if (value === undefined || value === false || value === "auto" || value === "manual") return value;
    throw wrong("gated", '"auto", "manual" or false');
  }

  has(name: string): boolean {
    return (this.#fields[name] ?? undefined) !== undefined;
  }

  /** A whole number, brought into the range; `fallback` when it is absent or no number. */
  count(name: string, range: { readonly fallback: number; readonly max: number; readonly min?: number }): number {
    const value = this.#fields[name];
    const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : range.fallback;
    return Math.min(range.max, Math.max(range.min ?? 1, number));
  }

  /** A list of strings, or a single one. @throws {HubError} 400 when it is something else. */
  texts(name: string): readonly string[] {
    const value = this.#fields[name] ?? [];
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.map((item) => {
      if (typeof item !== "string") throw wrong(name, "a list of strings");
      return item;
    });
  }

  /** @throws {HubError} 400 when it is no object. */
  record(name: string): RequestFields {
    if (!this.has(name)) throw wrong(name, "an object");
    return RequestFields.of(this.#fields[name]);
  }

  /** @throws {HubError} 400 when it is no list of objects, or a longer one than `max`. */
  records(name: string, max: number): readonly RequestFields[] {
    const value = this.#fields[name] ?? [];
    if (!Array.isArray(value) || value.length > max) throw wrong(name, `a list of at most ${max} objects`);
    return value.map((item) => RequestFields.of(item));
  }

  /** A whole number of bytes. @throws {HubError} 400. */
  size(name: string): number {
    const value = this.#fields[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw wrong(name, "a whole number");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(name: string, wanted: string): HubError {
  return new HubError(400, "BadRequest", `The field "${name}" must be ${wanted}.`);
}
