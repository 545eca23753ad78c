export interface Seen {
  readonly statements: number;
  readonly connections: number;
  /** The most that were open at once. */
  readonly peak: number;
  readonly open: number;
  /** Statements by their first word. */
  readonly words: Readonly<Record<string, number>>;
}

export function countingProxy(port: number): Promise<{ port: number; seen(): Seen; reset(): void; close(): void }>;
