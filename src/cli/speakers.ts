/** Everything a pass can speak through, put together for one invocation. Loaded when there is something to say. */
import type { Emit, Events } from "../core/events.ts";
import { Incidents, type Trouble } from "../report/incident.ts";
import { createLog, type Log } from "../report/log.ts";
import { keepSecret } from "../report/mask.ts";
import { jobOutput } from "../report/output.ts";
import { createProgress, TOLD_LIVE } from "../report/progress.ts";
import { needsAscii, takesColour } from "./talk.ts";
import type { VoiceSettings } from "./voice.ts";

export interface Speakers {
  readonly emit: Emit;
  readonly say: Log["say"];
  /** Whether nobody was told of this yet; remembers that it is told now. */
  news(file: string, kind: Trouble, sort: string): boolean;
  /** Since when it was bad, if somebody was told; forgets it. `judged`: when that was seen; null, as by default: just now. */
  over(file: string, kind: Trouble, judged?: Date | null): string | null;
  close(): void;
}

/** Whoever asked for one job is told what became of it, news or not. */
const ANSWERS: ReadonlySet<keyof Events> = new Set<keyof Events>(["run:recorded", "job:not-due"]);

export function createSpeakers({ given, named, usual = async () => null }: VoiceSettings, secrets: readonly (string | null)[]): Speakers {
  keepSecret(...secrets);
  const terminal = process.stderr.isTTY === true;
  const look = { colour: takesColour(process.stderr, given), ascii: needsAscii(process.stderr, given) };
  const shows = given.quiet ? "none" : given.progress === "auto" ? (terminal ? "tty" : "none") : given.progress;
  const live = shows !== "none";
  const level = given.quiet ? ("errors" as const) : given.verbose ? ("all" as const) : ("changes" as const);
  const output = (named && shows === "tty") || given.verbose;
  const screen = { terminal: process.stderr, moves: shows === "tty", output, summary: !named, usual };
  const progress = live ? createProgress({ ...look, ...screen }) : null;
  const log = createLog({
    ...{ level, form: terminal || shows !== "none" ? ("text" as const) : ("json" as const), ...look },
    ...(progress && { except: TOLD_LIVE, before: () => progress.pause() }),
    ...(named && !given.quiet && { always: ANSWERS }),
  });
  const lines =
    output && !live ? jobOutput((ticket, stream, line) => log.say("info", line, { job: ticket.job, runId: ticket.runId, stream })) : null;
  return {
    emit: (name, payload) => {
      progress?.emit(name, payload);
      lines?.(name, payload);
      log.emit(name, payload);
    },
    say: log.say,
    news: (file, kind, sort) => new Incidents(file).bad(kind, sort, new Date()),
    over: (file, kind, judged = null) => new Incidents(file).good(kind, judged),
    close: () => progress?.pause(),
  };
}
