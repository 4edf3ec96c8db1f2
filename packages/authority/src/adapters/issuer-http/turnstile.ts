/** Lets a few through in each turn of the event loop, in the order of their coming. */
export class Turnstile {
  readonly #perTurn: number;
  readonly #waiting: (() => void)[] = [];

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  /** Resolves in one of the next turns; what arrives on sockets meanwhile is served in between. */
  pass(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#waiting.push(resolve) === 1) this.#turn();
    return promise;
  }

  #turn(): void {
    setImmediate(() => {
      for (const resolve of this.#waiting.splice(0, this.#perTurn)) resolve();
      if (this.#waiting.length > 0) this.#turn();
    });
  }
}
