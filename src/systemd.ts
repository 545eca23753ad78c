/** What systemd wants to hear of a `Type=notify` service. Says nothing where nobody asked. Owns the words, their order and the watchdog's beat. */
import { execFile } from "node:child_process";
import type { Emit, Events } from "./core/events.ts";

export interface Service {
  /** The first look has worked. `status`: one line for `systemctl status`. */
  ready(status: string): void;
  /** The configuration is being read again; what comes of it is heard. */
  reloading(): void;
  /** What happens, as the log has it too. */
  readonly hear: Emit;
  /** No more beats. What was said before still goes out. */
  close(): void;
}

/** Node has no datagram sockets of the unix kind: systemd's own program says it for us. It waits until systemd has taken it. */
const SAYS = "systemd-notify";
/** Longer than systemd ever takes; a word that hangs must not hold up those after it for ever. */
const SAY_MS = 5_000;

const QUIET: Service = { ready: () => {}, reloading: () => {}, hear: () => {}, close: () => {} };

/** `env`: of this process. Where the program is missing nothing is said, and the unit's own time-outs tell. */
export function systemd(env: Readonly<Record<string, string | undefined>>): Service {
  const say = sayer(env);
  if (!say) return QUIET;
  const beat = startWatchdog(env, () => say("WATCHDOG=1"));
  let phase: "starting" | "ready" | "reloading" | "stopping" = "starting";
  const ready = (status: string) => {
    if (phase === "stopping") return;
    phase = "ready";
    say("READY=1", statusOf(status));
  };
  return {
    ready,
    reloading: () => {
      if (phase !== "ready") return;
      phase = "reloading";
      say("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    },
    hear: (name, payload) => {
      const status = news(name, payload);
      if (status === null) return;
      if (name === "drain:started") {
        phase = "stopping";
        say("STOPPING=1", statusOf(status));
      } else if (phase === "reloading" && !name.startsWith("database:")) ready(status);
      else say(statusOf(status));
    },
    close: () => {
      if (beat) clearInterval(beat);
    },
  };
}

/** One after the other: READY before RELOADING would leave the unit reloading for ever. Null: nobody listens. */
function sayer({ NOTIFY_SOCKET, PATH }: Parameters<typeof systemd>[0]): ((...words: string[]) => void) | null {
  if (!NOTIFY_SOCKET) return null;
  let said: Promise<void> = Promise.resolve();
  const one = (words: string[]) =>
    new Promise<void>((done) => {
      execFile(SAYS, words, { env: { NOTIFY_SOCKET, PATH }, timeout: SAY_MS }, () => done());
    });
  return (...words) => {
    said = said.then(() => one(words));
  };
}

/** What is worth a status line; null: this is not. Every end of a reload is. */
function news<Name extends keyof Events>(name: Name, payload: Events[Name]): string | null {
  switch (name) {
    case "registry:reloaded":
      return `${(payload as Events["registry:reloaded"]).jobs} jobs`;
    case "registry:refused":
      return `the configuration is wrong, the old one holds on: ${(payload as Events["registry:refused"]).problems[0] ?? ""}`;
    case "daemon:trouble":
      return "in trouble: see the log";
    case "database:down":
      return "the database cannot be used";
    case "database:up":
      return "the database is good again";
    case "drain:started":
      return "draining: nothing more is started";
    default:
      return null;
  }
}

const statusOf = (text: string): string => `STATUS=${text.replace(/\s+/g, " ")}`;

/** Beats twice in the time systemd allows, from the loop that has to be alive; null: it does not watch this process. */
function startWatchdog({ WATCHDOG_USEC, WATCHDOG_PID }: Parameters<typeof systemd>[0], beat: () => void): NodeJS.Timeout | null {
  const micros = Number(WATCHDOG_USEC);
  if (!(micros > 0) || (WATCHDOG_PID && Number(WATCHDOG_PID) !== process.pid)) return null;
  return setInterval(beat, micros / 2000).unref();
}
