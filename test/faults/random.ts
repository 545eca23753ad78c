/** Numbers that a seed decides. Owns the generator (mulberry32); the same seed gives the same decisions, though not the same timing. */
export interface Random {
  /** In [0, 1). */
  share(): number;
  between(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  /** One key, as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
}

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const share = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    share,
    between: (low, high) => low + share() * (high - low),
    pick: (items) => {
      const item = items[Math.floor(share() * items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    },
    weighted: <Name extends string>(weights: Readonly<Record<Name, number>>) => {
      const entries = Object.entries(weights) as [Name, number][];
      let left = share() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      throw new Error("no weights");
    },
  };
}
