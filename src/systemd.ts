/** What systemd wants to hear of a `Type=notify` service. Says nothing where nobody asked. Owns the words and the watchdog's beat. */
import { execFile } from "node:child_process";

export interface Service {
  ready(): void;
  stopping(): void;
  close(): void;
}

/** Node has no datagram sockets of the unix kind: systemd's own program says it for us. */
const SAYS = "systemd-notify";

export function systemd(env: Readonly<Record<string, string | undefined>>): Service {
  if (!env.NOTIFY_SOCKET) return { ready: () => {}, stopping: () => {}, close: () => {} };
  const say = (...words: string[]) => {
    // Where the program is missing the unit's own time-out tells.
    execFile(SAYS, [`--pid=${process.pid}`, ...words], { env: { NOTIFY_SOCKET: env.NOTIFY_SOCKET, PATH: env.PATH } }, () => {});
  };
  const micros = Number(env.WATCHDOG_USEC);
  const beat = micros > 0 ? setInterval(() => say("WATCHDOG=1"), micros / 2000) : null;
  beat?.unref();
  return {
    ready: () => say("--ready"),
    stopping: () => say("--stopping"),
    close: () => {
      if (beat) clearInterval(beat);
    },
  };
}
