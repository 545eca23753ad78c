/** Alerts over HTTP: a POST of the document, and the GET of a dead man's switch. Owns tries and time-outs; follows no redirect elsewhere. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AlertDocument, Channel } from "../../core/alert.ts";
import { masked } from "../mask.ts";

const TIMEOUT_MS = 5_000;
/** Before the second and the third try. */
const PAUSES_MS = [500, 2_000];
const REDIRECTS = 3;

/** Three tries; an answer that says the request itself is wrong ends them. */
export function webhook(url: string): Channel {
  return {
    name: "webhook",
    send: async (alert, signal) => {
      for (let tried = 0; ; tried++) {
        const trouble = await post(url, alert, signal);
        if (trouble === null) return;
        const pause = PAUSES_MS[tried];
        if (pause === undefined || trouble.final || signal.aborted) throw new Error(trouble.message);
        // Cut short where time is up: then the next try says so.
        await sleep(pause, undefined, { signal }).catch(() => {});
      }
    },
  };
}

/** Throws if nobody answered well. */
export async function ping(url: string, signal: AbortSignal): Promise<void> {
  const trouble = await ask(url, { method: "GET" }, signal);
  if (trouble) throw new Error(trouble.message);
}

interface Trouble {
  readonly message: string;
  /** Another try would not help. */
  readonly final: boolean;
}

function post(url: string, alert: AlertDocument, signal: AbortSignal): Promise<Trouble | null> {
  const headers = { "content-type": "application/json", "user-agent": "crontabber", "x-crontabber-alert": alert.id };
  return ask(url, { method: "POST", headers, body: JSON.stringify(alert) }, signal);
}

/** Null: it was taken. */
async function ask(url: string, init: RequestInit, until: AbortSignal): Promise<Trouble | null> {
  const signal = AbortSignal.any([until, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    let at = new URL(url);
    for (let hops = 0; ; hops++) {
      const answer = await fetch(at, { ...init, redirect: "manual", signal });
      // What it says besides its status is not read: it may never end.
      await answer.body?.cancel();
      const { status } = answer;
      if (status >= 200 && status < 300) return null;
      const next = redirected(answer, at);
      if (!next || hops >= REDIRECTS)
        return { message: `${at.host} answered ${status}`, final: status < 500 && ![408, 425, 429].includes(status) };
      at = next;
    }
  } catch (error) {
    return { message: masked(reason(error, new URL(url).host)), final: false };
  }
}

/** Only to the same server, and only where the request stays what it is. */
function redirected(answer: Response, from: URL): URL | null {
  const to = answer.headers.get("location");
  if (![307, 308].includes(answer.status) || to === null || !URL.canParse(to, from.href)) return null;
  const next = new URL(to, from.href);
  return next.origin === from.origin ? next : null;
}

function reason(error: unknown, host: string): string {
  const { name, message, cause } = error as Error & { cause?: { message?: string; code?: string } };
  if (name === "TimeoutError" || name === "AbortError") return `${host} did not answer in time`;
  return `${host}: ${cause?.message || cause?.code || message}`;
}
