/** What is wrong with a schedule, and what to write instead. */

/** A schedule that cannot be read, or never fires. The message quotes it; where it stands is for the caller to add. */
export class ScheduleError extends Error {
  override readonly name = "ScheduleError";
  /** What to do about it, in one line. */
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
