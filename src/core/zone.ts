/** Time zones as spans of constant offset, read from Intl. Owns offsets and transitions only; knows no schedules and no clock. */

/** Seconds of a day of 24 hours. */
export const DAY = 86_400;

/**
 * A stretch of time in which a zone keeps one offset. All in whole seconds; instants count from 1970-01-01T00:00:00Z,
 * walls (what a clock on the wall shows) from 1970-01-01T00:00:00 of the zone.
 */
export interface Span {
  /** First instant. */
  readonly start: number;
  /** First instant after it. */
  readonly end: number;
  /** Wall minus instant. */
  readonly offset: number;
  /**
   * Every wall below it came by before `start`, or never will. Equal to `start + offset`: the clock ran on.
   * Smaller: the clock jumped over the walls between (a gap). Larger: it was set back and shows them again.
   */
  readonly reached: number;
}

interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly chunks: Map<number, readonly Span[]>;
}

const CHUNK = 16 * DAY;
// Longer than any jump of a clock (24 hours, at the date line).
const LEAD = 2 * DAY;
// Before the first railway clocks every zone keeps one local mean time: nothing to look up, however old a date is.
const DAWN = Math.floor(Date.UTC(1800, 0, 1) / 1000 / CHUNK) * CHUNK;
const FAR = 1e15;
const UTC: Span = { start: -FAR, end: FAR, offset: 0, reached: -FAR };

const zones = new Map<string, Zone>();

/** Whether the zone is UTC itself: such schedules never cost the loading of time zone data. */
export function isUtc(name: string): boolean {
  return name === "UTC" || name === "Etc/UTC";
}

/** Names that passed `isZone` before, in another process of this machine. */
const vouched = new Set<string>();

/** The caller has it from a file that remembers: spares an idle pass the loading of time zone data. A wrong one throws when a slot is asked for. */
export function vouchForZone(name: string): void {
  vouched.add(name);
}

/**
 * Whether `name` is an IANA zone this machine knows, spelled as IANA does: a job gets it as TZ, and there
 * case matters and `+02:00` means something else. Loads time zone data (once, milliseconds) unless it is UTC.
 */
export function isZone(name: string): boolean {
  if (isUtc(name) || vouched.has(name)) return true;
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(name)) return false;
  try {
    const known = open(name).format.resolvedOptions().timeZone;
    return known === name || known.toLowerCase() !== name.toLowerCase();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * The span that holds instant `t` (seconds). Long spans come in pieces of at most 16 days, each with the right `reached`.
 * Throws RangeError for an unknown zone.
 */
export function spanAt(zone: string, t: number): Span {
  if (isUtc(zone)) return UTC;
  const z = open(zone);
  if (t < DAWN) return dawnOf(z);
  const index = Math.floor(t / CHUNK);
  let spans = z.chunks.get(index);
  if (spans === undefined) {
    spans = chunk(z, index * CHUNK);
    z.chunks.set(index, spans);
  }
  const span = spans.find((s) => t < s.end);
  if (span === undefined) throw new RangeError(`no offset of ${zone} at ${t}`);
  return span;
}

function open(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = { format: new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" }), chunks: new Map() };
    zones.set(name, zone);
  }
  return zone;
}

function dawnOf(zone: Zone): Span {
  return { start: -FAR, end: DAWN, offset: offsetAt(zone, DAWN), reached: -FAR };
}

function offsetAt(zone: Zone, t: number): number {
  const text = zone.format.format(t * 1000);
  const found = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(text);
  if (found === null) throw new RangeError(`no offset in '${text}'`);
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = found;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === "-" ? -size : size;
}

// Probes once a day: no zone has had two changes within three days.
function chunk(zone: Zone, start: number): readonly Span[] {
  const end = start + CHUNK;
  const spans: Span[] = [];
  let from = start - LEAD;
  let offset = offsetAt(zone, from);
  let reached = from + offset;
  for (let probe = from + DAY; probe <= end; probe += DAY) {
    const later = offsetAt(zone, probe);
    if (later === offset) continue;
    const at = change(zone, probe - DAY, probe);
    spans.push({ start: from, end: at, offset, reached });
    reached = Math.max(reached, at + offset);
    from = at;
    offset = later;
  }
  spans.push({ start: from, end, offset, reached });
  return spans.filter((s) => s.end > start && s.start < end).map((s) => cut(s, start));
}

function cut(span: Span, start: number): Span {
  return span.start >= start ? span : { ...span, start, reached: Math.max(span.reached, start + span.offset) };
}

/** The first instant of the new offset, of which `before` is before and `after` is not. */
function change(zone: Zone, before: number, after: number): number {
  const offset = offsetAt(zone, before);
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}
