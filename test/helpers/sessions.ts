/** What cannot go through a pooler in transaction mode, by nature: the one list of everything that TEST_POOLER=1 does not cover, and why. */
export const SESSIONS = {
  backends: "it tells sessions apart by their process ids on the server, and asks who waits for whom",
  listen: "LISTEN belongs to a session: behind the pooler the same is seen at the next poll, some twenty seconds later",
  settings: "a setting of the database reaches new sessions only, and the pooler has old ones",
  words: "what is wrong with a password or a name is told in the server's own words and codes; a pooler has others, and one code for all",
} as const;

export type NeedsSession = keyof typeof SESSIONS;
