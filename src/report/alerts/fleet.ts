/** What of the hosts somebody should be told: silent ones, jobs that no host can run, jobs that differ. Judges by core/fleet.ts. */
import type { Fault, Told } from "../../core/alert.ts";
import { drift, driftText, type Host, homeless, silent } from "../../core/fleet.ts";
import { age, secondsBetween } from "../ages.ts";
import { inline, shownName } from "../safe.ts";
import { stampWithZone } from "../times.ts";
import type { View } from "../view.ts";

export interface FleetFaults {
  readonly judged: ReadonlyMap<string, Fault | "ok">;
  /** Jobs that no host can run. */
  readonly homeless: ReadonlySet<string>;
}

export const NO_FLEET: FleetFaults = { judged: new Map(), homeless: new Set() };
export const DRIFT = "fleet:drift";

type FleetTold = ReadonlyMap<string, Told>;
type FleetView = View & { readonly hosts: readonly Host[] };

/** Jobs a text names before it says how many more there are. */
const NAMES = 20;

/**
 * A host that has itself just come back knows nothing of the others: it may have been the database that was away. What counts is what
 * was so at this host's look before the last one, too. With `self` null everything is as it seems now.
 */
export function fleetFaults(view: FleetView, self: string | null, told: FleetTold): FleetFaults {
  const { now } = view.snapshot;
  const judged = new Map<string, Fault | "ok">();
  const gone = goneFor(view, self);
  if (gone === null) {
    judgeDrift(view, judged);
    return { judged, homeless: new Set() };
  }
  const seeming = new Set(silent(view.hosts, now).map(({ label }) => label));
  for (const host of view.hosts) {
    const subject = `host:${host.label}`;
    if (gone.has(host.label)) judged.set(subject, silentFault(host, now));
    else if (!seeming.has(host.label) || host.label === self) judged.set(subject, "ok");
  }
  const names = judgeHomes(view, gone, judged);
  forgive(view, told, judged);
  judgeDrift(view, judged);
  return { judged, homeless: names };
}

/**
 * This host's look before its last one: what was not so then may have come with its own return. Null: it has looked once only.
 * With `self` null, or where hosts may not be read, it is now.
 */
export function lookBefore({ hosts = [], snapshot: { now } }: View, self: string | null): Date | null {
  const own = hosts.find(({ label }) => label === self);
  if (self === null || hosts.length === 0) return now;
  if (!own || own.gap === null) return null;
  return new Date(Math.min(now.getTime(), own.seenAt.getTime() - own.gap * 1000));
}

/** Labels of hosts that are silent beyond doubt; null: this host cannot tell. */
function goneFor(view: FleetView, self: string | null): ReadonlySet<string> | null {
  const before = lookBefore(view, self);
  if (before === null) return null;
  const { hosts } = view;
  return new Set(
    silent(hosts, before)
      .map(({ label }) => label)
      .filter((label) => label !== self),
  );
}

function silentFault({ label, seenAt }: Host, now: Date): Fault {
  const value = `no look since ${stampWithZone(seenAt, "UTC")} (${age(secondsBetween(seenAt, now))})`;
  return { subject: `host:${label}`, condition: "silent", level: "warning", since: seenAt, type: "Silent", value, holdsUp: [] };
}

/** Jobs that ran on a silent host only are told with it; the others by the tags they ask for. */
function judgeHomes(view: FleetView, gone: ReadonlySet<string>, judged: Map<string, Fault | "ok">): ReadonlySet<string> {
  const { now } = view.snapshot;
  const hosts = view.hosts.map((host) => (gone.has(host.label) ? host : { ...host, seenAt: now }));
  const lost = homeless(
    view.registry.jobs.filter(({ alerts }) => alerts),
    hosts,
    { now, known: false },
  );
  const groups = new Map<string, string[]>();
  for (const { job, tags } of lost) {
    const carrier = view.hosts.find((host) => gone.has(host.label) && tags.every((tag) => host.tags.includes(tag)));
    const subject = carrier ? `host:${carrier.label}` : subjectOfTags(tags);
    groups.set(subject, [...(groups.get(subject) ?? []), job]);
  }
  for (const [subject, names] of groups) {
    const known = judged.get(subject);
    if (known && known !== "ok") judged.set(subject, { ...known, level: "critical", holdsUp: names });
    else {
      const value = `no live host carries ${inline(subject.slice("tags:".length))}, which ${list(names)} ask for`;
      judged.set(subject, { subject, condition: "no-host", level: "critical", since: null, type: "NoHost", value, holdsUp: names });
    }
  }
  return new Set(lost.map(({ job }) => job));
}

/** Tags that somebody carries again: by what seems so now, not only by what is beyond doubt. */
function forgive({ registry, hosts, snapshot: { now } }: FleetView, told: FleetTold, judged: Map<string, Fault | "ok">): void {
  const still = new Set(homeless(registry.jobs, hosts, { now, known: false }).map(({ tags }) => subjectOfTags(tags)));
  for (const subject of told.keys()) {
    if (subject.startsWith("tags:") && !judged.has(subject) && !still.has(subject)) judged.set(subject, "ok");
  }
}

const subjectOfTags = (tags: readonly string[]): string => `tags:${[...tags].sort().join(",")}`;

/** One fault for all of it: a deploy touches many jobs. It is over when no two live hosts differ any more, however young they are. */
function judgeDrift({ hosts, registry, overdueAfter, snapshot: { now } }: FleetView, judged: Map<string, Fault | "ok">): void {
  const tagsOf = (name: string) => registry.byName.get(name)?.tags ?? [];
  const found = drift(hosts, { now, settled: overdueAfter, tagsOf });
  const [first] = found;
  if (first) {
    const value = `${list(found.map(({ job }) => job))}: ${inline(driftText(first))}`;
    judged.set(DRIFT, { subject: DRIFT, condition: "drift", level: "warning", since: null, type: "Drift", value, holdsUp: [] });
  } else if (drift(hosts, { now, settled: 0, tagsOf }).length === 0) judged.set(DRIFT, "ok");
}

export function list(names: readonly string[]): string {
  const more = names.length > NAMES ? ` and ${names.length - NAMES} more` : "";
  return names.slice(0, NAMES).map(shownName).join(", ") + more;
}
