/** Numbers in [0, 1) that repeat for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed of this run: `POSTERN_TEST_SEED`, or a new one; printed, so that a failure can be repeated. */
export function testSeed(name: string): number {
  const seed = Number(process.env.POSTERN_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`${name}: POSTERN_TEST_SEED=${seed}`);
  return seed;
}
