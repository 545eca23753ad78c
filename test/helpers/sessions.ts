/** What cannot go through a pooler in transaction mode, by nature: the one list of everything that TEST_POOLER=1 does not cover, and why. */
export const SESSIONS = {
  backends: "it tells sessions apart by their process ids on the server, and asks who waits for whom",
  listen: "LISTEN belongs to a session: behind the pooler the same is seen at the next poll, some twenty seconds later",
} as const;

export type NeedsSession = keyof typeof SESSIONS;
