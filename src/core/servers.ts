/** Which of several database servers is the one. Decides from what they say of themselves; asks through what it is given, opens nothing. */
import type { ServerAddress } from "./database.ts";

/** What a primary has gone through: each promotion begins a new timeline of the same system. */
export interface History {
  readonly system: string;
  readonly timeline: number;
}

/** What a server said of itself. */
export interface Standing {
  readonly readOnly: boolean;
  /** Null: it does not tell. */
  readonly history: History | null;
}

const READ_ONLY = "SELECT current_setting('transaction_read_only') AS read_only";
const HISTORY = `SELECT system_identifier::text AS system,
  ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS timeline FROM pg_control_system()`;

/** Asks a server about itself. Not all that speak the protocol know the second question: what tells no history is not told apart by it. */
export async function standingBy(query: (text: string) => Promise<{ rows: unknown[] }>): Promise<Standing> {
  const [said] = (await query(READ_ONLY)).rows as { read_only: string }[];
  if (said?.read_only !== "off") return { readOnly: true, history: null };
  const history = await query(HISTORY).then(
    ({ rows }) => (rows[0] as History | undefined) ?? null,
    () => null,
  );
  return { readOnly: false, history };
}

export interface Chosen {
  readonly server: ServerAddress;
  readonly history: History | null;
}

export interface Choice {
  readonly servers: readonly ServerAddress[];
  /** Rejects with what kept it from answering. */
  ask(server: ServerAddress): Promise<Standing>;
  /** Resolves when those that have not answered need not be waited for any longer, once somebody takes writes. */
  patience(): Promise<void>;
  /** A history that was seen before: a server behind it has been left behind by a promotion. Null: none was. */
  readonly newest: History | null;
  /** The one in use: of equals it stays. Null: none is. */
  readonly current: ServerAddress | null;
}

/** Nobody takes writes. Its message says of each server why. */
export class NoServer extends Error {
  override readonly name = "NoServer";
  /** All of them answered, and are read-only. */
  readonly readOnly: boolean;
  constructor(reasons: readonly string[], { readOnly, cause }: { readOnly: boolean; cause: unknown }) {
    super(`no server takes writes: ${reasons.join("; ")}`, { cause });
    this.readOnly = readOnly;
  }
}

/**
 * All are asked at once. Of those that take writes, the one with the newest history: where an old primary came back beside the promoted
 * one, it is not the old one. Of equals the one in use, else the first in order. Throws NoServer.
 */
export async function chooseServer({ servers, ask, patience, newest, current }: Choice): Promise<Chosen> {
  const answers = new Map<ServerAddress, Standing>();
  const failures = new Map<ServerAddress, unknown>();
  let fits: () => void = () => {};
  const found = new Promise<void>((resolve) => {
    fits = resolve;
  });
  const asked = servers.map((server) =>
    ask(server).then(
      (standing) => {
        answers.set(server, standing);
        if (takes(standing, newest)) fits();
      },
      (error: unknown) => void failures.set(server, error),
    ),
  );
  await Promise.race([Promise.all(asked), found.then(patience)]);
  const [best] = servers
    .flatMap((server) => {
      const standing = answers.get(server);
      return standing && takes(standing, newest) ? [{ server, history: standing.history }] : [];
    })
    .sort((a, b) => lead(b.history, a.history) || Number(b.server === current) - Number(a.server === current));
  if (best) return best;
  const why = servers.map((server) => `${server.host}:${server.port} ${reason(answers.get(server), failures.get(server))}`);
  throw new NoServer(why, { readOnly: failures.size === 0, cause: [...failures.values()].at(-1) });
}

/** How far a history is ahead of another; 0 where they cannot be compared. */
function lead(one: History | null, other: History | null): number {
  return one && other && one.system === other.system ? one.timeline - other.timeline : 0;
}

const takes = ({ readOnly, history }: Standing, newest: History | null): boolean => !readOnly && lead(history, newest) >= 0;

function reason(standing: Standing | undefined, failure: unknown): string {
  if (!standing) return failure instanceof Error && failure.message ? failure.message : "does not answer";
  return standing.readOnly ? "is read-only" : `was left behind by a promotion (timeline ${standing.history?.timeline})`;
}
