/**
 * A pass as somebody at a terminal sees it, on stderr: a line when a run ends and for what is blocked, moving lines for what is on, a sum
 * at the end. Owns those words; the cursor is region.ts's, colours and glyphs are paint.ts's.
 */
import type { Emit, Events } from "../core/events.ts";
import type { RunEnd, Ticket } from "../core/state.ts";
import { afterwards } from "./afterwards.ts";
import { took } from "./ages.ts";
import { masked } from "./mask.ts";
import { meter } from "./meter.ts";
import { jobOutput } from "./output.ts";
import { glyphs, paint, type Style } from "./paint.ts";
import { Region, type RegionLine, type Terminal } from "./region.ts";
import { columns, inline, printable, shownName } from "./safe.ts";

export interface ProgressSettings {
  readonly terminal: Terminal;
  readonly colour: boolean;
  readonly ascii: boolean;
  /** Whether anything moves; else a line when a run starts, too. */
  readonly moves: boolean;
  /** What jobs print is shown, each line behind its job's name. */
  readonly output: boolean;
  /** A last line sums the pass up. */
  readonly summary: boolean;
  /** Seconds a job usually takes; null: nobody knows. */
  readonly usual: (job: string) => Promise<number | null>;
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
  usual: number | null;
  /** What the job told last. */
  told: unknown;
}

/** Lines of a failed run that are shown of what it printed and of where it failed. */
const LAST_LINES = 5;

export interface Progress {
  readonly emit: Emit;
  /** Takes the moving lines away, until there is news: somebody else has something to say, or all is said. */
  pause(): void;
}

export function createProgress(settings: ProgressSettings): Progress {
  const screen = new Screen(settings);
  const on: { [Name in keyof Events]?: (payload: Events[Name]) => void } = {
    "run:started": ({ ticket }) => screen.start(ticket),
    "run:progress": ({ ticket, json }) => screen.progress(ticket, json),
    "run:recorded": ({ ticket, end }) => screen.end(ticket, end),
    "job:not-due": (not) => screen.notDue(not),
    "pass:ended": () => screen.sum(),
  };
  const output = settings.output ? jobOutput((ticket, stream, line) => screen.printed(ticket, stream, line)) : null;
  const emit: Emit = (name, payload) => {
    output?.(name, payload);
    on[name]?.(payload);
  };
  return { emit, pause: () => screen.clear() };
}

class Screen {
  readonly #settings: ProgressSettings;
  readonly #region: Region;
  readonly #live = new Map<string, Live>();
  readonly #began = performance.now();
  readonly #count = { ok: 0, failed: 0, blocked: 0, notDue: 0 };
  /** The first that failed: the one to ask about. */
  #bad: string | null = null;

  constructor(settings: ProgressSettings) {
    this.#settings = settings;
    this.#region = new Region(settings.terminal, () => (settings.moves ? [...this.#live.values()].map((live) => this.#moving(live)) : []));
  }

  start(ticket: Ticket): void {
    const live: Live = { ticket, since: performance.now(), usual: null, told: null };
    this.#live.set(ticket.runId, live);
    if (!this.#settings.moves) {
      this.#line(["◐", "busy"], `${shownName(ticket.job)}  started, ${about(ticket)}`);
      return;
    }
    this.#region.draw();
    const know = (usual: number | null) => {
      live.usual = usual;
      if (this.#live.has(ticket.runId)) this.#region.draw();
    };
    this.#settings.usual(ticket.job).then(know, () => {}); // nice to have: without it there is no bar
  }

  progress({ runId }: Ticket, json: string): void {
    const live = this.#live.get(runId);
    if (!live) return;
    live.told = parsed(json);
    this.#region.draw();
  }

  end(ticket: Ticket, end: RunEnd): void {
    const live = this.#live.get(ticket.runId);
    this.#live.delete(ticket.runId);
    const time = live ? took((performance.now() - live.since) / 1000) : "";
    const name = shownName(ticket.job);
    if (end.outcome === "succeeded") {
      this.#count.ok++;
      this.#line(["✔", "good"], `${name}  ${time}  ${about(ticket)}`);
      return;
    }
    const failed = end.outcome !== "interrupted" && end.outcome !== "cancelled";
    if (failed) this.#bad ??= ticket.job;
    this.#count.failed++;
    const again = failed && ticket.errors > 0 ? `, ${ticket.errors + 1} in a row` : "";
    const what = failed && end.outcome === "failed" && end.error ? inline(end.error.type) : end.outcome;
    this.#line(failed ? ["✖", "bad"] : ["⊘", "waiting"], `${name}  ${what} after ${time}  run #${ticket.fence}, ${about(ticket)}${again}`);
    for (const line of details(end)) this.#aside("│", line);
    this.#aside("└", afterwards(ticket, end));
  }

  notDue({ job, verdict: { why, detail } }: Events["job:not-due"]): void {
    if (!this.#settings.summary || !why.startsWith("dependency-")) {
      this.#count.notDue++;
      return;
    }
    this.#count.blocked++;
    this.#line(["◌", "waiting"], `${shownName(job)}  blocked: ${inline(detail)}`);
  }

  sum(): void {
    if (!this.#settings.summary) return;
    const { ok, failed, blocked, notDue } = this.#count;
    const parts = [
      `${ok} ok`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(blocked > 0 ? [`${blocked} blocked`] : []),
      `${notDue} not due`,
    ];
    const time = took((performance.now() - this.#began) / 1000);
    const ask = this.#bad === null ? "crontabber next" : `crontabber logs ${shownName(this.#bad)}`;
    const told = [parts.join(glyphs(this.#settings, " · ")), time];
    const whole = [...told, ask].join("     ");
    const fits = columns(whole) < (this.#settings.terminal.columns || 80);
    for (const line of fits ? [whole] : [told.join("     "), ask]) this.#region.say(this.#paint("faint", line));
  }

  clear(): void {
    this.#region.clear();
  }

  printed({ job }: Ticket, stream: "stdout" | "stderr", text: string): void {
    const bar = this.#paint(stream === "stderr" ? "waiting" : "faint", `${shownName(job)} ${glyphs(this.#settings, "│")}`);
    this.#region.say(`${bar} ${printable(masked(text))}`);
  }

  #moving({ ticket, since, usual, told }: Live): RegionLine {
    const room = (this.#settings.terminal.columns || 80) - 1;
    const text = meter({ seconds: (performance.now() - since) / 1000, usual, told, room }, this.#settings);
    const longest = Math.max(...[...this.#live.values()].map((live) => columns(shownName(live.ticket.job))));
    const name = shownName(ticket.job);
    const line = `${glyphs(this.#settings, "◐")} ${name}${" ".repeat(longest - columns(name))}  ${masked(text)}`;
    return { text: line, paint: (cut) => this.#paint("busy", cut.slice(0, 1)) + cut.slice(1) };
  }

  #line([glyph, style]: readonly [string, Style], text: string): void {
    this.#region.say(`${this.#paint(style, glyphs(this.#settings, glyph))} ${masked(text)}`);
  }

  #aside(glyph: string, text: string): void {
    this.#region.say(`  ${this.#paint("faint", glyphs(this.#settings, glyph))} ${masked(text)}`);
  }

  #paint(style: Style, text: string): string {
    return paint(this.#settings, style, text);
  }
}

function about({ slot, attempt, missed }: Ticket): string {
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  return `slot ${slot.toISOString().replace(/\.\d+Z$/, "Z")}${again}${missed > 0 ? `, for ${missed} older slots, too` : ""}`;
}

/** Its error, and the last of what it printed where the error does not quote it. */
function details({ error, output }: RunEnd): string[] {
  const value = error ? printable(error.value).split("\n") : [];
  const frames = error ? last(printable(error.traceback)) : [];
  const printed = output ? last(printable(output)).filter((line) => !frames.includes(line)) : [];
  return [...value, ...frames.map((line) => `  ${line.trim()}`), ...printed.map((line) => `last output: ${line}`)];
}

const last = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-LAST_LINES);

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null; // it came over a pipe from a job: half a line is no news
  }
}
