import type { KeyObject } from "node:crypto";
import {
  generateSigningKey,
  type PublicJwk,
  type SigningKey,
  type SimulatedAlgorithm,
  signingKey,
} from "./signing-key.ts";

/** The keys of one simulated issuer, each made when it is first needed. */
export class KeyRing {
  readonly #given: KeyObject | undefined;
  readonly #algorithm: SimulatedAlgorithm;
  #published: Promise<readonly [SigningKey, ...SigningKey[]]> | undefined;
  #foreign: Promise<SigningKey> | undefined;

  constructor(given: KeyObject | undefined, algorithm: SimulatedAlgorithm = "RS256") {
    this.#given = given;
    this.#algorithm = algorithm;
  }

  /** The key that signs new tokens. */
  async current(): Promise<SigningKey> {
    return (await this.#keys())[0];
  }

  /** A key that this issuer never publishes, standing for somebody else's. */
  foreign(): Promise<SigningKey> {
    this.#foreign ??= generateSigningKey(this.#algorithm);
    return this.#foreign;
  }

  /** What the JWKS holds now. */
  async published(): Promise<readonly PublicJwk[]> {
    return (await this.#keys()).map((key) => key.jwk);
  }

  /** Signs with a new key from now on; the old keys leave the JWKS unless `keepOld`. */
  async rotate(keepOld: boolean): Promise<void> {
    const before = this.#keys();
    const rotated = (async (): Promise<readonly [SigningKey, ...SigningKey[]]> => {
      const old = await before;
      return [await generateSigningKey(this.#algorithm), ...(keepOld ? old : [])];
    })();
    this.#published = rotated;
    await rotated;
  }

  #keys(): Promise<readonly [SigningKey, ...SigningKey[]]> {
    this.#published ??= this.#first();
    return this.#published;
  }

  async #first(): Promise<readonly [SigningKey]> {
    return [this.#given === undefined ? await generateSigningKey(this.#algorithm) : signingKey(this.#given)];
  }
}
