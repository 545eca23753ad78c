/** What is worth telling somebody of jobs, hosts and the fleet, and when a change of it is news. Pure: shapes and one rule. */

/** `silent`, `no-host` and `drift` are the fleet's, `refused` and `unreachable` a host's own. */
export type Condition = "ok" | "failing" | "overdue" | "held" | "no-host" | "drift" | "silent" | "refused" | "unreachable";

/** Something is wrong. */
export interface Fault {
  /** What it is wrong with: `job:NAME`, `host:LABEL`, `tags:A,B`, `fleet:drift`. */
  readonly subject: string;
  readonly condition: Exclude<Condition, "ok">;
  readonly level: "critical" | "warning";
  /** Since when, by the database's clock; null: nobody knows. */
  readonly since: Date | null;
  /** What it is, in one or a few lines of plain text. */
  readonly type: string;
  readonly value: string;
  /** Jobs that cannot run because of it. */
  readonly holdsUp: readonly string[];
}

/** As it is now; a subject that is missing is neither: nothing changes for it. */
export type Judged = ReadonlyMap<string, Fault | "ok">;

/** What a subject was last said to be. */
export interface Told {
  readonly subject: string;
  /** The number of that change, from 1 on. */
  readonly seq: number;
  readonly condition: Condition;
}

/** A change. `fault` null: it is good again. */
export interface Change {
  readonly subject: string;
  readonly seq: number;
  readonly was: Condition;
  readonly fault: Fault | null;
  /** False: it is only noted, so that the next change is judged by it. */
  readonly told: boolean;
}

/**
 * What has changed since it was last told. A human's `unlock` turns held into failing: that is no news to whoever did it. Everything else
 * is told once, its end only if its beginning was.
 */
export function changes(judged: Judged, told: ReadonlyMap<string, Told>): Change[] {
  return [...judged].flatMap(([subject, now]) => {
    const last = told.get(subject);
    const [was, seq] = [last?.condition ?? "ok", (last?.seq ?? 0) + 1];
    const fault = now === "ok" ? null : now;
    if ((fault?.condition ?? "ok") === was) return [];
    return [{ subject, seq, was, fault, told: fault === null || was !== "held" }];
  });
}

/** What a channel is given: docs/schema/alert.json. Texts are printable and without secrets; times ISO 8601 in UTC. */
export interface AlertDocument {
  readonly schema: "crontabber.alert/1";
  /** The same however often it is sent: by it a receiver drops doubles. */
  readonly id: string;
  readonly at: string;
  /** One line for people, as chat systems show it. */
  readonly text: string;
  readonly subject: { readonly kind: string; readonly name: string };
  readonly condition: Condition;
  readonly was: Condition;
  readonly level: "critical" | "warning" | "ok";
  readonly since: string | null;
  /** The name of the job it is about; null: it is about hosts. */
  readonly job: string | null;
  readonly owner: string | null;
  readonly runbook: string | null;
  /** Errors in a row. */
  readonly errors: number;
  readonly error: { readonly type: string; readonly value: string; readonly traceback: string } | null;
  /** The newest run of the job; null: there is none, or it is not about a job. */
  readonly run: {
    readonly id: string;
    readonly slot: string | null;
    readonly attempt: number;
    readonly outcome: string | null;
    readonly host: string | null;
  } | null;
  readonly next_run: string | null;
  readonly holds_up: readonly string[];
  /** The label of the host that saw the change. */
  readonly seen_by: string;
}

/** Somewhere an alert is sent. */
export interface Channel {
  readonly name: string;
  /** Throws, in words for the operator, if it was not taken. Gives up when `signal` aborts. */
  send(alert: AlertDocument, signal: AbortSignal): Promise<void>;
}
