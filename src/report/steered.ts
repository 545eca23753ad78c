/** What a verb that steers has done, as a document. Owns the keys; the words for people are the verb's. */
import type { By } from "../core/plan.ts";
import type { Document } from "./view.ts";

/** `done` false: nothing was changed, and the other keys say why. */
export interface Steered {
  readonly verb: "pause" | "resume" | "cancel" | "unlock" | "mark-success" | "reset";
  readonly job: string;
  readonly done: boolean;
  readonly by: By;
}

export function steeredDocument({ verb, job, done, by }: Steered, more: Readonly<Record<string, unknown>> = {}): Document {
  return { schema: `crontabber.${verb}/1`, job, done, by: by.who, note: by.note, ...more };
}

/** A run that was asked for: which host takes it shows in the ledger. */
export function requestDocument(job: string, by: By, id: bigint): Document {
  return { schema: "crontabber.request/1", job, request: Number(id), by: by.who, note: by.note };
}
