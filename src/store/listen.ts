/** Hearing that a row has changed, where a session connection is possible. Polling is the truth; this only makes it sooner. */
import { randomUUID } from "node:crypto";
import { after } from "../clock.ts";
import { StoreError } from "../core/errors.ts";
import type { ClaimNotice, EndNotice } from "../core/notice.ts";
import type { Database } from "./db.ts";

/** What steering and records say. */
export interface Told {
  readonly job: string;
  /** An outcome, or a steering verb. */
  readonly what: string;
  /** With `claimed`. */
  readonly claim: ClaimNotice | null;
  /** With an outcome, where what became of the row can be told. */
  readonly end: EndNotice | null;
}

const CHANNEL = "crontabber";
const QUERY_MS = 5_000;
/** A notice comes at once, or never. */
const ECHO_MS = 2_000;

export async function listen(
  db: Database,
  { heard, lost }: { heard: (told: Told) => void; lost: () => void },
): Promise<{ close(): Promise<void> } | null> {
  const client = await db.dedicated(QUERY_MS);
  const probe = randomUUID();
  let echo: (came: boolean) => void = () => {};
  let broke: (error: Error) => void = () => {};
  const echoed = new Promise<boolean>((resolve, reject) => {
    echo = resolve;
    broke = reject;
  });
  echoed.catch(() => {}); // told to whoever waits for it below
  client.on("notification", ({ payload }) => {
    const told = parse(payload);
    if (told?.what === probe) echo(true);
    else if (told) heard(told);
  });
  let listening = false;
  client.on("end", () => {
    broke(new StoreError("the line for listening broke"));
    if (listening) lost();
  });
  const close = async () => {
    listening = false;
    await client.end().catch(() => {}); // it may be gone already
  };
  try {
    await client.query(`LISTEN ${CHANNEL}`);
    // From another connection: a pooler in transaction mode would deliver what comes with the answer to the listener's own statement.
    await db.query("SELECT pg_notify($1, $2)", [CHANNEL, JSON.stringify({ job: "", what: probe })]);
    const giveUp = after(ECHO_MS, () => echo(false));
    listening = await echoed.finally(giveUp);
  } catch (error) {
    await close();
    throw error;
  }
  if (listening) return { close };
  await close();
  return null;
}

function parse(payload: string | undefined): Told | null {
  try {
    const told = JSON.parse(payload ?? "") as Partial<Told>;
    if (typeof told.job !== "string" || typeof told.what !== "string") return null;
    return { job: told.job, what: told.what, claim: told.claim ?? null, end: told.end ?? null };
  } catch {
    return null; // somebody else's notice on our channel
  }
}
