/** What follows for a run that did not succeed, in words. Pure; the state machine itself is core/'s. */
import type { RunEnd, Ticket } from "../core/state.ts";
import { span } from "./ages.ts";
import { shownName } from "./safe.ts";

/** Printable, without an end of line. */
export function afterwards({ job, opens, slotErrors, policy }: Ticket, { outcome }: Pick<RunEnd, "outcome">): string {
  const { maxAttempts, onLost, retry, errorRetryTime } = policy;
  const held = `held until crontabber unlock ${shownName(job)}`;
  if (outcome === "cancelled") return "its slot is closed without a retry";
  if (outcome === "interrupted") return "due again at once";
  if (!opens) return "no retry: it ran beside its schedule";
  if (outcome === "lost") return onLost === "retry" ? "due again at once" : onLost === "hold" ? held : "its slot is skipped";
  if (maxAttempts !== null && slotErrors + 1 >= maxAttempts) return `${held}: ${maxAttempts} of ${maxAttempts} attempts used up`;
  if (errorRetryTime === 0) return "retries with the next pass";
  const how = `error_retry_time ${errorRetryTime} s`;
  return retry === "fixed"
    ? `retries in ${span(errorRetryTime)}, or with its next slot (${how})`
    : `retries after a while, longer each time (${how})`;
}
