/** What is wrong with a fleet, one line a check, each with what to do about it. Owns what counts as wrong; asks nobody anything. */
import { drift, driftText, homeless, live, silent } from "../core/fleet.ts";
import type { Job } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import type { Inspection } from "../store/inspect.ts";
import { age, counted, secondsBetween } from "./ages.ts";
import { ghosts } from "./ghosts.ts";
import { glyphs, paint } from "./paint.ts";
import { inline, shownName } from "./safe.ts";
import { iso, zoned } from "./times.ts";
import type { Document, Paper, View } from "./view.ts";

export interface Finding {
  readonly check: string;
  readonly level: "ok" | "warning" | "bad";
  /** On one line; instants in it are ISO 8601. */
  readonly text: string;
  /** What to do; null: nothing. */
  readonly fix: string | null;
}

/** What was found out, as far as that went. */
export interface Examined {
  /** The configuration file, and what is odd about it: modules that cannot be imported, warnings. */
  readonly file: string;
  readonly jobs: number;
  readonly broken: readonly string[];
  readonly warnings: readonly string[];
  /** Files with a secret in them that others than their owner can read. */
  readonly open: readonly { readonly file: string; readonly mode: string }[];
  /** Outcomes that wait for this host's next pass, and those nobody could read. */
  readonly spool: { readonly folder: string; readonly waiting: number; readonly unreadable: readonly string[] };
  /** A text says why the database cannot be used. */
  readonly database: Inspection | string;
  readonly autoMigrate: boolean;
  /** Whether notices get through; null: nobody tried. */
  readonly listens: boolean | null;
  /** With the hosts; null: there are no tables to read yet. */
  readonly view: View | null;
}

const SKEW_SECONDS = 5;
/** Seconds after the end of a lease in which somebody should have taken over. */
const STUCK_SECONDS = 120;

const ok = (check: string, text: string): Finding => ({ check, level: "ok", text, fix: null });
const warning = (check: string, text: string, fix: string | null): Finding => ({ check, level: "warning", text, fix });
const bad = (check: string, text: string, fix: string | null): Finding => ({ check, level: "bad", text, fix });
/** What was found, or that all is well. */
const either = (findings: readonly Finding[], check: string, well: string): readonly Finding[] =>
  findings.length > 0 ? findings : [ok(check, well)];

export function examine(found: Examined): Finding[] {
  const { database, view } = found;
  const server = typeof database === "string" ? [bad("database", database, "see that the server runs and the configuration names it")] : [];
  return [
    ...configuration(found),
    ...spool(found),
    ...server,
    ...(typeof database === "string" ? [] : [...serverOf(database), ...schemaOf(database, found)]),
    ...notices(found),
    ...(view ? [...rows(view), ...hosts(view), ...fleet(view)] : []),
  ];
}

function configuration({ file, jobs, broken, warnings, open }: Examined): Finding[] {
  const fix = "crontabber configtest says more";
  return [
    ...either(
      [...broken.map((text) => bad("configuration", text, fix)), ...warnings.map((text) => warning("configuration", text, null))],
      "configuration",
      `${counted(jobs, "job")} in ${file}`,
    ),
    ...either(
      open.map(({ file: one, mode }) =>
        warning("secrets", `${one} holds a secret, and others than its owner can read it (${mode})`, `chmod 600 ${one}`),
      ),
      "secrets",
      "no file with a secret is readable by others",
    ),
  ];
}

function spool({ spool: { folder, waiting, unreadable } }: Examined): readonly Finding[] {
  const waits =
    waiting > 0
      ? [warning("spool", `${counted(waiting, "outcome")} in ${folder} not delivered yet`, "the next pass of this host delivers")]
      : [];
  const set = unreadable.map((file) => warning("spool", `${file} could not be read and was set aside`, "look into it, then remove it"));
  return either([...waits, ...set], "spool", "nothing waits for delivery");
}

function serverOf({ server, role, readOnly, unsafe, ahead }: Inspection): Finding[] {
  const off = unsafe.join(", ");
  const far = `this host's clock is ${Math.abs(ahead).toFixed(0)} s ${ahead > 0 ? "ahead of" : "behind"} the database's`;
  return [
    readOnly
      ? bad("database", `PostgreSQL ${server} takes no writes`, "connect to the primary: several hosts may be named")
      : ok("database", `PostgreSQL ${server}, as ${role}`),
    off
      ? warning(
          "durability",
          `${off} is off: a crash of the server can lose runs it has confirmed, and start them again`,
          `set ${off} to on`,
        )
      : ok("durability", "commits survive a crash of the server"),
    Math.abs(ahead) > SKEW_SECONDS
      ? warning("clock", `${far}; schedules follow the database's, logs of this host do not`, "let NTP set this host's clock")
      : ok("clock", "this host and the database agree on the time"),
  ];
}

function schemaOf({ version, pending, needs, lacking }: Inspection, { autoMigrate }: Examined): Finding[] {
  const by = autoMigrate ? "crontabber migrate; the next pass does it, too" : "crontabber migrate";
  const schema =
    needs !== null
      ? bad("schema", `the tables need a newer crontabber (level ${needs})`, "upgrade crontabber on this host")
      : pending.length > 0
        ? warning("schema", `migrations are missing: ${pending.join(", ")}`, by)
        : ok("schema", `at migration ${version ?? 0}`);
  const rights = lacking.map((what) => bad("rights", `the role lacks ${what}`, `GRANT ${what} to it`));
  return [schema, ...either(rights, "rights", "the role may do what it must")];
}

function notices({ listens }: Examined): Finding[] {
  if (listens === null) return [];
  if (listens) return [ok("notices", "LISTEN works: daemons wake at once")];
  return [ok("notices", "LISTEN does not get through (a pooler in transaction mode?): daemons look by themselves, which is enough")];
}

function rows(view: View): Finding[] {
  const { states, now } = view.snapshot;
  const all = [...states.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const strays = ghosts(view).map(({ name }) =>
    warning(
      "ghosts",
      `${shownName(name)} has a row and is in no configuration`,
      `crontabber reset ${shownName(name)}, if it is gone for good`,
    ),
  );
  const held = all.flatMap(({ name, heldAt, heldReason }) =>
    heldAt && view.registry.byName.has(name)
      ? [
          warning(
            "held",
            `${shownName(name)} is held: ${inline(heldReason ?? "until unlock")}`,
            `crontabber logs ${shownName(name)}, then unlock`,
          ),
        ]
      : [],
  );
  return [
    ...either(strays, "ghosts", "every row has its job"),
    ...either(held, "held", "no job waits for unlock"),
    ...either([...all.flatMap((state) => stuck(state, now))], "stuck", "no run is left without an owner"),
  ];
}

function stuck({ name, ongoing, runId, host, leaseUntil, leaseSeconds }: JobState, now: Date): Finding[] {
  if (ongoing && runId === null) {
    const fix = `if that run is gone: crontabber reset ${shownName(name)} --force`;
    return [warning("stuck", `${shownName(name)} is claimed by the Python tool for ${age(secondsBetween(ongoing, now))}`, fix)];
  }
  if (runId === null || !leaseUntil || secondsBetween(leaseUntil, now) < Math.max(STUCK_SECONDS, leaseSeconds ?? 0)) return [];
  const text = `${shownName(name)} lost its owner (${inline(host ?? "?")}) ${age(secondsBetween(leaseUntil, now))} ago, and nobody took over`;
  return [bad("stuck", text, "see that some host passes; it takes over by itself")];
}

function hosts(view: View): readonly Finding[] {
  const { now } = view.snapshot;
  const [all, alive, gone] = [view.hosts ?? [], live(view.hosts ?? [], now), silent(view.hosts ?? [], now)];
  if (alive.length === 0) {
    const text = all.length === 0 ? "no host has looked yet" : "no host has looked in the last minutes: nothing runs";
    return [bad("hosts", text, "put crontabber into system cron (* * * * *), or start crontabber daemon")];
  }
  const quiet = gone.map(({ label, seenAt }) =>
    warning("hosts", `${inline(label)} is silent since ${seenAt.toISOString()}`, "look after it; it is forgotten after 7 days"),
  );
  const releases = [...new Set(alive.map(({ version }) => version))].sort();
  const mixed = releases.length > 1 ? [warning("hosts", `they run different releases: ${releases.join(", ")}`, "finish the upgrade")] : [];
  return either(
    [...quiet, ...mixed],
    "hosts",
    `${counted(alive.length, "host")} alive: ${alive.map(({ label }) => inline(label)).join(", ")}`,
  );
}

function fleet(view: View): readonly Finding[] {
  const { registry, snapshot, hosts: all = [] } = view;
  const { now } = snapshot;
  const nowhere = homeless(registry.jobs, all, { now, known: true }).map(({ job, why }) =>
    bad("fleet", `${shownName(job)} runs nowhere: ${inline(why)}`, "give a host its tags, or bring such a host back"),
  );
  const tagsOf = (name: string): Job["tags"] => registry.byName.get(name)?.tags ?? [];
  const differ = drift(all, { now, settled: 0, tagsOf }).map((one) =>
    warning(
      "fleet",
      `${shownName(one.job)} is not the same everywhere: ${inline(driftText(one))}`,
      "give all hosts the same configuration",
    ),
  );
  return either([...nowhere, ...differ], "fleet", "every job has a host, and is the same on all of them");
}

/** One line a finding, its fix below it. */
export function doctorText(findings: readonly Finding[], paper: Paper): string {
  const room = Math.max(...findings.map(({ check }) => check.length));
  const looks = { ok: ["good", "✔"], warning: ["waiting", "▲"], bad: ["bad", "✖"] } as const;
  const lines = findings.flatMap(({ check, level, text, fix }) => {
    const [style, glyph] = looks[level];
    const line = `${paint(paper, style, glyphs(paper, glyph))} ${check.padEnd(room)}  ${zoned(text, paper.zone)}`;
    return fix === null ? [line] : [line, `  ${" ".repeat(room)}  ${glyphs(paper, "→")} ${fix}`];
  });
  return `${lines.join("\n")}\n`;
}

export function doctorDocument(findings: readonly Finding[], now: Date | null): Document {
  return { schema: "crontabber.doctor/1", now: iso(now), healthy: findings.every(({ level }) => level === "ok"), findings };
}
