import { setSwitch } from "../../switches/manage-switches.ts";
import { rotateKeysWhenDue } from "../../tokens/rotate-keys.ts";
import type { LocalIssuer } from "../local-issuer.contract.ts";
import type { ExchangeStep } from "./exchange-step.contract.ts";
import type { RestartableAuthority } from "./restartable-authority.contract.ts";
import { exchangeCopies, raceExchange } from "./run-exchange.contract.ts";
import { lookAtEveryToken, revokeRunToken, rotateOwnKeys } from "./run-grant.contract.ts";
import { addRunIssuer, rotateIssuer, switchRunIssuer } from "./run-issuer.contract.ts";
import { addRunPublisher, changeRunPublisher } from "./run-publisher.contract.ts";
import { newRunToken } from "./run-token.contract.ts";
import { PROVIDERS, pick, RunWorld } from "./run-world.contract.ts";

/**
 * One run of the stateful test: does each step to the authority and to the model, and fails where they differ. What a run makes is its
 * own, so that many runs share one database; clock, switch and signing keys go on from run to run.
 */
export class ExchangeRun {
  readonly #world: RunWorld;

  /** @param http - Where issuers show their keys; without it keys are uploaded. @param seen - Counts what came about. */
  constructor(authority: RestartableAuthority, http: LocalIssuer | undefined, seen: Map<string, number>) {
    this.#world = new RunWorld(authority, http, seen);
  }

  async perform(steps: readonly ExchangeStep[]): Promise<void> {
    const { authority, audit, resourceNames, grants, issuers } = this.#world;
    authority.setRepos(resourceNames.slice(0, 2));
    if (authority.parts.switches.whyOff("exchange") !== undefined) await this.#switchExchange(true);
    await audit.begin();
    await Promise.all(PROVIDERS.map((provider, index) => addRunIssuer(this.#world, provider, index)));
    await audit.take(2);
    for (const step of steps) await this.#do(step);
    await lookAtEveryToken(this.#world);
    await audit.verify(
      grants.map(({ tokenId }) => tokenId),
      issuers.map(({ url }) => url),
    );
  }

  async #do(step: ExchangeStep): Promise<void> {
    const world = this.#world;
    const { authority, model, audit } = world;
    world.count(step.kind);
    switch (step.kind) {
      case "exchange": {
        const token = newRunToken(world, step);
        return exchangeCopies(world, token, step, token.sign());
      }
      case "replay": {
        const token = pick(world.tokens, step.token);
        if (token === undefined) return;
        return exchangeCopies(world, token, step, step.isResigned ? undefined : token.sign());
      }
      case "add-publisher":
        return addRunPublisher(world, step);
      case "change-publisher": {
        const publisher = pick(model.publishers, step.publisher);
        if (publisher === undefined) return;
        const change = await changeRunPublisher(world, publisher, step.change);
        change();
        await audit.take(1);
        return;
      }
      case "race":
        return raceExchange(world, step);
      case "revoke-token":
        return revokeRunToken(world, pick(world.grants, step.grant));
      case "switch-issuer":
        return switchRunIssuer(world, step.issuer, step.isOn);
      case "switch-exchange":
        await this.#switchExchange(step.isOn);
        model.isExchangeOff = !step.isOn;
        await audit.take(1);
        return;
      case "rotate-issuer":
        return rotateIssuer(world, step.issuer, step.keepsOld);
      case "rotate-own":
        return rotateOwnKeys(world);
      case "step-clock":
        return authority.stepClock(step.seconds);
      case "sweep": {
        const { parts, clock } = authority;
        await parts.sweeper.sweep();
        model.sweep(world.now);
        await rotateKeysWhenDue(undefined, { keyRing: parts.keyRing, clock });
        await audit.take();
        return;
      }
      case "restart":
        await authority.restart();
        model.restart();
        return lookAtEveryToken(world);
    }
  }

  async #switchExchange(on: boolean): Promise<void> {
    const { authority } = this.#world;
    const { parts, clock } = authority;
    await setSwitch("exchange", { on }, authority.caller(), { ...parts, clock });
  }
}
