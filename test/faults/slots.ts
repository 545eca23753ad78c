/**
 * Which slots a schedule asks for, worked out from its text alone. Owns the two forms the fleet uses (`7s`, cron with seconds); must not
 * use the program's own reading of schedules, which it is there to judge.
 */

/** Seconds between slots of an interval schedule; null: it is cron. */
export function interval(schedule: string): number | null {
  const found = /^(\d+)s$/.exec(schedule);
  return found ? Number(found[1]) : null;
}

/** The seconds of each minute at which a six-field expression fires; only its first field may say anything. Throws on any other form. */
export function secondsOf(schedule: string): number[] {
  const [field = "", ...rest] = schedule.split(" ");
  if (rest.join(" ") !== "* * * * *") throw new Error(`not a form the fleet uses: ${schedule}`);
  const all = Array.from({ length: 60 }, (_, second) => second);
  const wanted = new Set<number>();
  for (const item of field.split(",")) {
    const found = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (!found) throw new Error(`not a form the fleet uses: ${schedule}`);
    const from = Number(found[1] ?? 0);
    const to = found[2] ? Number(found[2]) : found[1] ? from : 59;
    for (const second of all) if (second >= from && second <= to && (second - from) % Number(found[3] ?? 1) === 0) wanted.add(second);
  }
  return all.filter((second) => wanted.has(second));
}

/**
 * Slots in [anchor, until], ascending, in milliseconds since 1970. An interval's grid starts at `anchor`, its first slot; cron's grid is
 * fixed, and `anchor` is only where to begin.
 */
export function slotsBetween(schedule: string, anchor: number, until: number): number[] {
  const slots: number[] = [];
  const every = interval(schedule);
  if (every !== null) {
    for (let slot = anchor; slot <= until; slot += every * 1000) slots.push(slot);
    return slots;
  }
  const seconds = secondsOf(schedule);
  for (let minute = Math.floor(anchor / 60_000) * 60_000; minute <= until; minute += 60_000) {
    for (const second of seconds) {
      const slot = minute + second * 1000;
      if (slot >= anchor && slot <= until) slots.push(slot);
    }
  }
  return slots;
}

/** The first slot after `slot`, which is one itself. */
export function slotAfter(schedule: string, slot: number): number {
  const every = interval(schedule);
  if (every !== null) return slot + every * 1000;
  const [next] = slotsBetween(schedule, slot + 1, slot + 120_000);
  if (next === undefined) throw new Error(`no slot after ${slot}: ${schedule}`);
  return next;
}
