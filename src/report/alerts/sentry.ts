/** Alerts as events of Sentry. Owns what an alert looks like there; the library is an optional peer and may not be installed. */
import type { AlertDocument, Channel } from "../../core/alert.ts";

/** What we need of @sentry/node, which may not be installed, nor its types. */
export interface Sentry {
  init(options: { dsn: string; defaultIntegrations: false }): unknown;
  captureException(error: Error): string;
  captureEvent(event: unknown): string;
  flush(ms: number): Promise<boolean>;
}

const FLUSH_MS = 5_000;

/** `missing` is called once, the first time something is to be sent and the library is not there; then nothing is ever sent. */
export function sentry(dsn: string, missing: () => void): Channel {
  let library: Promise<Sentry | null> | null = null;
  const open = async (): Promise<Sentry | null> => {
    const found = await loadSentry();
    if (found) found.init({ dsn, defaultIntegrations: false });
    else missing();
    return found;
  };
  return {
    name: "sentry",
    send: async (alert, signal) => {
      library ??= open();
      const found = await library;
      if (!found || signal.aborted) return;
      found.captureEvent(eventOf(alert));
      if (!(await found.flush(FLUSH_MS))) throw new Error("Sentry did not take it in time");
    },
  };
}

/** One group a subject and condition; the id makes Sentry drop a second sending. */
export function eventOf(alert: AlertDocument): Record<string, unknown> {
  const { id, subject, condition, level, text, job, run, error, owner, runbook, holds_up, errors, seen_by, was } = alert;
  const tags = { condition, job, host: run?.host ?? seen_by, slot: run?.slot, outcome: run?.outcome, owner };
  return {
    event_id: id.replaceAll("-", ""),
    level: level === "critical" ? "error" : level === "ok" ? "info" : "warning",
    logger: "crontabber",
    server_name: seen_by,
    fingerprint: ["crontabber", subject.kind, subject.name, condition],
    tags: Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== null && value !== undefined)),
    extra: { text, was, errors, runbook, holds_up, traceback: error?.traceback || undefined },
    ...(error ? { exception: { values: [{ type: error.type, value: error.value, ...stackOf(error.traceback) }] } } : { message: text }),
  };
}

/** Frames of Node as Sentry has them, the innermost last; others stand in `extra` as they are. */
function stackOf(traceback: string): { stacktrace?: unknown } {
  const frames = [...traceback.matchAll(/^\s+at (?:(.+?) \()?(.+?):(\d+):(\d+)\)?$/gm)].map(([, name, file, line, column]) => {
    return { function: name ?? "?", filename: file, lineno: Number(line), colno: Number(column) };
  });
  return frames.length > 0 ? { stacktrace: { frames: frames.reverse() } } : {};
}

/** Null: it is not installed. */
export async function loadSentry(): Promise<Sentry | null> {
  const name = "@sentry/node";
  try {
    return (await import(name)) as Sentry;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}
