/**
 * A pass as somebody at a terminal sees it, on stderr: a line when a run starts and ends, one moving line for what is on.
 * Owns those lines; colours and glyphs are paint.ts's.
 */
import type { Emit, Events } from "../core/events.ts";
import type { RunEnd, Ticket } from "../core/state.ts";
import { took } from "./ages.ts";
import { errorText } from "./lines.ts";
import { masked } from "./mask.ts";
import { jobOutput } from "./output.ts";
import { glyphs, paint, type Style } from "./paint.ts";
import { cutColumns, inline, printable, shownName } from "./safe.ts";

export interface ProgressSettings {
  readonly colour: boolean;
  readonly ascii: boolean;
  /** What jobs print is shown, each line behind its job's name. */
  readonly output: boolean;
  /** A last line sums the pass up. */
  readonly summary: boolean;
}

/** Told here, so that the log need not. */
export const TOLD_LIVE: ReadonlySet<keyof Events> = new Set<keyof Events>([
  "run:started",
  "run:progress",
  "run:output",
  "run:recorded",
  "pass:ended",
]);

interface Live {
  readonly ticket: Ticket;
  /** Milliseconds of a clock that only measures. */
  readonly since: number;
  told: string;
}

const CLEAR = "\r\u001b[2K";
/** A terminal that is written to faster than this only flickers. */
const LEAST_MS = 100;

export interface Progress {
  readonly emit: Emit;
  /** Takes the moving line away, until there is news: somebody else has something to say, or all is said. */
  pause(): void;
}

export function createProgress(settings: ProgressSettings): Progress {
  const screen = new Screen(settings);
  const on: { [Name in keyof Events]?: (payload: Events[Name]) => void } = {
    "run:started": ({ ticket }) => screen.start(ticket),
    "run:progress": ({ ticket, json }) => screen.progress(ticket, json),
    "run:recorded": ({ ticket, end }) => screen.end(ticket, end),
    "job:not-due": () => screen.notDue(),
    "pass:ended": (sums) => screen.sum(sums),
  };
  const output = settings.output ? jobOutput((ticket, _, line) => screen.printed(ticket, line)) : null;
  const emit: Emit = (name, payload) => {
    output?.(name, payload);
    on[name]?.(payload);
  };
  return { emit, pause: () => screen.clear() };
}

class Screen {
  readonly #settings: ProgressSettings;
  readonly #live = new Map<string, Live>();
  #drawnAt = 0;
  #moving = false;
  #notDue = 0;

  constructor(settings: ProgressSettings) {
    this.#settings = settings;
  }

  start(ticket: Ticket): void {
    this.#live.set(ticket.runId, { ticket, since: performance.now(), told: "" });
    const again = ticket.attempt > 1 ? `  attempt ${ticket.attempt}` : "";
    const missed = ticket.missed > 0 ? `  for ${ticket.missed} older slots, too` : "";
    this.#line(["◐", "busy"], `${shownName(ticket.job)}  slot ${ticket.slot.toISOString()}${again}${missed}`);
  }

  progress({ runId }: Ticket, json: string): void {
    const live = this.#live.get(runId);
    if (!live) return;
    live.told = progressText(json);
    this.#draw();
  }

  end(ticket: Ticket, end: RunEnd): void {
    const live = this.#live.get(ticket.runId);
    this.#live.delete(ticket.runId);
    const time = live ? took((performance.now() - live.since) / 1000) : "";
    if (end.outcome === "succeeded") {
      this.#line(["✔", "good"], `${shownName(ticket.job)}  ${time}`);
      return;
    }
    const failed = end.outcome !== "interrupted" && end.outcome !== "cancelled";
    const again = failed && ticket.errors > 0 ? ` (${ticket.errors + 1} in a row)` : "";
    const what = `${end.outcome} after ${time}${again}: ${errorText(end)}`;
    this.#line(failed ? ["✖", "bad"] : ["⊘", "waiting"], `${shownName(ticket.job)}  ${what}`);
  }

  notDue(): void {
    this.#notDue++;
  }

  sum({ ran, failed }: Events["pass:ended"]): void {
    if (!this.#settings.summary) return;
    const parts = [`${ran} ran`, ...(failed > 0 ? [`${failed} failed`] : []), `${this.#notDue} not due`];
    this.#write(this.#paint("faint", `${parts.join(", ")}: crontabber next`));
  }

  clear(): void {
    if (this.#moving) process.stderr.write(CLEAR);
    this.#moving = false;
  }

  printed({ job }: Ticket, text: string): void {
    this.#write(`${this.#paint("faint", `${shownName(job)} ${glyphs(this.#settings, "│")}`)} ${printable(masked(text))}`);
  }

  #line([glyph, style]: readonly [string, Style], text: string): void {
    this.#write(`${this.#paint(style, glyphs(this.#settings, glyph))} ${masked(text)}`);
  }

  #write(line: string): void {
    this.clear();
    process.stderr.write(`${line}\n`);
  }

  #draw(): void {
    const now = performance.now();
    if (now - this.#drawnAt < LEAST_MS) return;
    this.#drawnAt = now;
    const told = [...this.#live.values()].filter((live) => live.told !== "").map((live) => `${shownName(live.ticket.job)} ${live.told}`);
    const text = cutColumns(masked(told.join("   ")), (process.stderr.columns || 80) - 1);
    this.clear();
    process.stderr.write(this.#paint("faint", text));
    this.#moving = true;
  }

  #paint(style: Style, text: string): string {
    return paint(this.#settings, style, text);
  }
}

/** `211/370 57 % page 211`, whatever of it the job told. */
function progressText(json: string): string {
  let told: { done?: unknown; total?: unknown; message?: unknown } | null;
  try {
    told = JSON.parse(json) as typeof told;
  } catch {
    // It came over a pipe from a job: half a line is no news.
    return "";
  }
  const { done, total, message } = told ?? {};
  const share = typeof done === "number" && typeof total === "number" && total > 0 ? `/${total} ${Math.floor((100 * done) / total)} %` : "";
  const count = typeof done === "number" ? `${done}${share}` : "";
  return [count, typeof message === "string" ? inline(message) : ""].filter((part) => part !== "").join(" ");
}
