/** Who of a fleet goes first, drawn by lot for each slot: the same on every host that knows the same fleet, and nobody is asked. Pure. */

/** A daemon that has looked lately. */
export interface Rival {
  readonly label: string;
  readonly tags: readonly string[];
}

/** How many of them go before this host: 0, it is the first. Those that lack one of the tags do not take part. */
export function place(own: string, rivals: readonly Rival[], { key, tags }: { key: string; tags: readonly string[] }): number {
  const mine = lot(own, key);
  return rivals.filter((rival) => {
    if (rival.label === own || !tags.every((tag) => rival.tags.includes(tag))) return false;
    const theirs = lot(rival.label, key);
    return theirs < mine || (theirs === mine && rival.label < own);
  }).length;
}

/** 32 bits out of a text (FNV-1a), well stirred: alike texts must not get alike lots. */
function lot(label: string, key: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${label}\n${key}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
