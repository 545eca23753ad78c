/** Documents that only the page answers with; all others are the command line's. */
import type { Document } from "../report/view.ts";

/** Why there is no other answer. `status`: of HTTP. */
export function errorDocument({ status, title, message }: { status: number; title: string; message: string }): Document {
  return { schema: "crontabber.error/1", status, title, error: message };
}

/** What a program's deed came to. */
export function deedDocument(done: boolean, text: string): Document {
  return { schema: "crontabber.deed/1", done, text };
}

/** What would happen; `confirm`: the field to send along if that is meant. */
export function confirmDocument(consequences: readonly string[], confirm: string): Document {
  return { schema: "crontabber.confirm/1", consequences, confirm };
}

/** `notes`: what is wrong without being a reason. */
export function readyDocument(reasons: readonly string[], notes: readonly string[]): Document {
  return { schema: "crontabber.ready/1", ready: reasons.length === 0, reasons, notes };
}
