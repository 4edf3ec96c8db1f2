/** Two-sided result of a Mann–Whitney U test (normal approximation, mid-ranks for ties). */
export interface RankTest {
  readonly p: number;
  /** Above 0: the first sample tends to be larger. */
  readonly z: number;
}

/** Does one sample tend to be larger than the other? Ranks only, so a few slow outliers mean nothing. For samples of 20 and more. */
export function rankTest(a: readonly number[], b: readonly number[]): RankTest {
  const all = [...a.map((value) => ({ value, first: true })), ...b.map((value) => ({ value, first: false }))];
  all.sort((x, y) => x.value - y.value);
  let ranksOfFirst = 0;
  for (let start = 0; start < all.length; ) {
    let end = start;
    while (end < all.length && all[end]?.value === all[start]?.value) end += 1;
    const midRank = (start + 1 + end) / 2;
    for (let index = start; index < end; index += 1) if (all[index]?.first === true) ranksOfFirst += midRank;
    start = end;
  }
  const u = ranksOfFirst - (a.length * (a.length + 1)) / 2;
  const mean = (a.length * b.length) / 2;
  const deviation = Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12);
  const z = (u - mean) / deviation;
  return { z, p: 2 * upperTail(Math.abs(z)) };
}

/** P(Z > z) of the standard normal distribution (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153].reduce(
    (sum, coefficient) => (sum + coefficient) * t,
    0,
  );
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
