/** What was told, and who tells what was not. Owns the statements on `crontabber_alert`; what is worth telling is decided elsewhere. */
import type { AlertDocument, Change, Condition, Told } from "../core/alert.ts";
import type { Queryable, Row } from "./db.ts";
import { toDate } from "./rows.ts";

/** Seconds whoever claims a telling has for it; then any host may. Longer than all of its tries take. */
const CLAIM = 30;
/** Hours after which what nobody would take is given up. */
const GIVE_UP = 24;

function alertStatements(q: string) {
  const open = `delivered_at IS NULL AND claimed_at > clock_timestamp() - interval '${GIVE_UP} hours'`;
  return {
    told: `SELECT DISTINCT ON (subject) subject, seq, condition,
        EXISTS (SELECT 1 FROM ${q}crontabber_alert WHERE ${open} AND claimed_until < clock_timestamp()) AS waiting
      FROM ${q}crontabber_alert ORDER BY subject, seq DESC`,
    /** The claim: the number is free, or somebody has seen the same change and tells it. */
    claim: `INSERT INTO ${q}crontabber_alert (alert_id, subject, seq, condition, was, at, document, host, claimed_until, delivered_at)
      VALUES ($1, $2, $3, $4, $5, coalesce($6::timestamptz, clock_timestamp()), $7, $8, clock_timestamp() + interval '${CLAIM} seconds',
        CASE WHEN $7::json IS NULL THEN clock_timestamp() END)
      ON CONFLICT (subject, seq) DO NOTHING`,
    /** A claim that ran out: the oldest first, and never a later change of a subject before an earlier one. */
    reclaim: `UPDATE ${q}crontabber_alert SET host = $1, tries = tries + 1, claimed_until = clock_timestamp() + interval '${CLAIM} seconds'
      WHERE id = (SELECT a.id FROM ${q}crontabber_alert a WHERE a.${open.replace("claimed_at", "a.claimed_at")} AND a.claimed_until < clock_timestamp()
        AND NOT EXISTS (SELECT 1 FROM ${q}crontabber_alert e WHERE e.subject = a.subject AND e.seq < a.seq AND e.${open.replace("claimed_at", "e.claimed_at")})
        ORDER BY a.id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING document::text AS document, sent, tries`,
    sent: `UPDATE ${q}crontabber_alert SET sent = array_append(sent, $2) WHERE alert_id = $1 AND NOT $2 = ANY (sent)`,
    delivered: `UPDATE ${q}crontabber_alert SET delivered_at = clock_timestamp(), trouble = NULL WHERE alert_id = $1 AND delivered_at IS NULL`,
    /** Not before a while, longer each time. Only by whoever has it now. */
    failed: `UPDATE ${q}crontabber_alert SET trouble = $3, claimed_until = clock_timestamp() + $4 * interval '1 second'
      WHERE alert_id = $1 AND host = $2 AND delivered_at IS NULL`,
    list: `SELECT alert_id, subject, condition, was, host, sent, tries, trouble, document IS NOT NULL AS told,
        (extract(epoch FROM at) * 1000)::float8 AS at, (extract(epoch FROM delivered_at) * 1000)::float8 AS delivered_at
      FROM ${q}crontabber_alert ORDER BY id DESC LIMIT $1`,
  } as const;
}

/** A telling that is ours for the next seconds. */
export interface Telling {
  readonly alert: AlertDocument;
  /** Channels that have it already. */
  readonly sent: readonly string[];
  /** This one included. */
  readonly tries: number;
}

/** A change as it stands in the table. */
export interface AlertRow {
  readonly id: string;
  readonly subject: string;
  readonly condition: Condition;
  readonly was: Condition;
  readonly at: Date | null;
  readonly host: string;
  readonly sent: readonly string[];
  readonly tries: number;
  readonly trouble: string | null;
  /** False: it was only noted. */
  readonly told: boolean;
  readonly deliveredAt: Date | null;
}

export class Alerts {
  readonly #db: Queryable;
  readonly #sql: ReturnType<typeof alertStatements>;
  readonly #host: string;

  constructor({ db, q, host }: { db: Queryable; q: string; host: string }) {
    this.#db = db;
    this.#sql = alertStatements(q);
    this.#host = host;
  }

  /**
   * What each subject was last said to be. Read before the rows it is compared with: then a claim cannot tell of an older moment.
   * `waiting`: something was not delivered, and nobody is about to.
   */
  async told(): Promise<{ told: Map<string, Told>; waiting: boolean }> {
    const { rows } = await this.#db.query(this.#sql.told);
    const told = rows.map((row) => ({ subject: String(row.subject), seq: Number(row.seq), condition: row.condition as Condition }));
    return { told: new Map(told.map((one) => [one.subject, one])), waiting: rows[0]?.waiting === true };
  }

  /** True: the change is ours to tell. False: another host has seen it, too. `alert` null: it is only noted. */
  async claim(change: Change, { id, at, alert }: { id: string; at: Date; alert: AlertDocument | null }): Promise<boolean> {
    const { subject, seq, was, fault } = change;
    const params = [id, subject, seq, fault?.condition ?? "ok", was, at, alert && JSON.stringify(alert), this.#host];
    return (await this.#db.query(this.#sql.claim, params)).rowCount === 1;
  }

  /** What another host claimed and did not deliver, or nobody would take; null: nothing. */
  async reclaim(): Promise<Telling | null> {
    const [row] = (await this.#db.query(this.#sql.reclaim, [this.#host])).rows;
    if (!row) return null;
    return { alert: JSON.parse(String(row.document)) as AlertDocument, sent: row.sent as string[], tries: Number(row.tries) };
  }

  async sent(id: string, channel: string): Promise<void> {
    await this.#db.query(this.#sql.sent, [id, channel]);
  }

  async delivered(id: string): Promise<void> {
    await this.#db.query(this.#sql.delivered, [id]);
  }

  /** It may be tried again after so many seconds. */
  async failed(id: string, trouble: string, seconds: number): Promise<void> {
    await this.#db.query(this.#sql.failed, [id, this.#host, trouble, seconds]);
  }

  /** The newest changes, newest first. */
  async list(limit: number): Promise<AlertRow[]> {
    return (await this.#db.query(this.#sql.list, [limit])).rows.map(toAlert);
  }
}

function toAlert(row: Row): AlertRow {
  return {
    id: String(row.alert_id),
    subject: String(row.subject),
    condition: row.condition as Condition,
    was: row.was as Condition,
    at: toDate(row.at),
    host: String(row.host),
    sent: row.sent as string[],
    tries: Number(row.tries),
    trouble: row.trouble === null ? null : String(row.trouble),
    told: row.told === true,
    deliveredAt: toDate(row.delivered_at),
  };
}
