/** A finding of the doctor and the ways to make one. Owns the shape; what counts as wrong is the other doctor files'. */

export interface Finding {
  readonly check: string;
  readonly level: "ok" | "warning" | "bad";
  /** On one line; instants in it are ISO 8601. */
  readonly text: string;
  /** What it leads to; null: it is said already, or nothing is wrong. */
  readonly why: string | null;
  /** What to do; null: nothing. */
  readonly fix: string | null;
}

/** Why it matters, and what to do about it. */
export interface Advice {
  readonly why: string | null;
  readonly fix: string | null;
}

export const ok = (check: string, text: string): Finding => ({ check, level: "ok", text, why: null, fix: null });
export const warning = (check: string, text: string, advice: Advice): Finding => ({ check, level: "warning", text, ...advice });
export const bad = (check: string, text: string, advice: Advice): Finding => ({ check, level: "bad", text, ...advice });

/** What was found, or that all is well. */
export const either = (findings: readonly Finding[], check: string, well: string): readonly Finding[] =>
  findings.length > 0 ? findings : [ok(check, well)];
