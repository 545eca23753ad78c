/** Every log line of the product: JSON by pino where nobody looks on, short text on a terminal. Owns the form and what is left unsaid. */
import { createRequire } from "node:module";
import type { Emit, Events } from "../core/events.ts";
import { type Level, lineOf } from "./lines.ts";
import { masked } from "./mask.ts";
import { glyphs, paint, type Style } from "./paint.ts";
import { printable } from "./safe.ts";

export interface LogSettings {
  /** `changes`: between good and bad only; `all`: what happens, too; `errors`: nothing but errors. */
  readonly level: "changes" | "all" | "errors";
  readonly form: "json" | "text";
  readonly colour: boolean;
  readonly ascii: boolean;
  /** Events somebody else tells. */
  readonly except?: ReadonlySet<keyof Events>;
  /** Events that are told whatever the level. */
  readonly always?: ReadonlySet<keyof Events>;
  /** Called before a line is written: to get out of its way. */
  readonly before?: () => void;
}

export interface Log {
  readonly emit: Emit;
  /** A line of its own, whatever the level. */
  say(level: Level, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export function createLog(settings: LogSettings): Log {
  const { level, except, always } = settings;
  const say = settings.form === "json" ? jsonLines() : textLines(settings);
  const emit: Emit = (name, payload) => {
    if (except?.has(name)) return;
    const line = lineOf(name, payload);
    if (!line) return;
    const wanted = level === "errors" ? line.change && line.level === "error" : level === "all" || line.change || always?.has(name);
    if (wanted) say(line.level, line.message, line.fields);
  };
  return { emit, say };
}

const LOOKS: Readonly<Record<Level, readonly [glyph: string, style: Style]>> = {
  ...{ debug: ["·", "faint"], info: ["·", "plain"], warn: ["▲", "waiting"], error: ["✖", "bad"] },
};

function textLines({ colour, ascii, before }: LogSettings): Log["say"] {
  return (level, message) => {
    before?.();
    const [glyph, style] = LOOKS[level];
    process.stderr.write(`${paint({ colour }, style, glyphs({ ascii }, glyph))} ${printable(masked(message))}\n`);
  };
}

/** pino is loaded when there is something to say: most passes have nothing. */
function jsonLines(): Log["say"] {
  let logger: import("pino").Logger | null = null;
  return (level, message, fields = {}) => {
    logger ??= open();
    logger[level](clean(fields), masked(message));
  };
}

function open(): import("pino").Logger {
  const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
  const stream = pino.destination({ dest: 2, sync: true });
  // A reader that went away must not end the jobs.
  stream.on("error", () => {});
  return pino({ level: "debug", timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

function clean(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = JSON.stringify(fields, (_, value) =>
    typeof value === "bigint" ? String(value) : typeof value === "string" ? masked(value) : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}
