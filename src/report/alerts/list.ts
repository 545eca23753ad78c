/** What somebody should know now, and what was told: the text and the document of `alerts`. Owns their form. */
import type { Fault, Told } from "../../core/alert.ts";
import type { AlertRow } from "../../store/alerts.ts";
import { masked } from "../mask.ts";
import { glyphs } from "../paint.ts";
import { cutBytes, inline } from "../safe.ts";
import { type Cell, type Column, table } from "../table.ts";
import { iso, stamp } from "../times.ts";
import type { Document, Paper } from "../view.ts";

export interface AlertsShown {
  /** The database's clock. */
  readonly now: Date;
  /** Names of the channels of this host. */
  readonly channels: readonly string[];
  readonly faults: readonly Fault[];
  readonly told: ReadonlyMap<string, Told>;
  /** Newest first. */
  readonly changes: readonly AlertRow[];
}

export function alertsDocument({ now, channels, faults, told, changes }: AlertsShown): Document {
  const open = faults.map((fault) => ({
    ...{ subject: fault.subject, condition: fault.condition, level: fault.level, since: iso(fault.since) },
    ...{
      type: fault.type,
      value: masked(fault.value),
      holds_up: fault.holdsUp,
      told: told.get(fault.subject)?.condition === fault.condition,
    },
  }));
  const rows = changes.map(({ id, subject, condition, was, at, host, tries, sent, trouble, told: loud, deliveredAt }) => ({
    ...{ id, subject, condition, was, at: iso(at), host, told: loud, tries, sent, trouble, delivered_at: loud ? iso(deliveredAt) : null },
  }));
  return { schema: "crontabber.alerts/1", now: iso(now), channels, faults: open, changes: rows };
}

const FAULTS: readonly Column[] = [
  { title: "SUBJECT" },
  { title: "CONDITION" },
  { title: "TOLD", drop: 1 },
  { title: "HOLDS UP", cut: 12, drop: 2 },
  { title: "WHAT", cut: 24 },
];
const CHANGES: readonly Column[] = [
  { title: "AT" },
  { title: "SUBJECT" },
  { title: "CHANGE" },
  { title: "BY", drop: 1 },
  { title: "TOLD", cut: 24 },
];

/** Bytes of an error in a table. */
const WHAT_LIMIT = 300;

export function alertsText(shown: AlertsShown, paper: Paper): string {
  const { channels, faults, told, changes } = shown;
  const where = channels.length > 0 ? `Told by ${channels.join(", ")}.` : "Nothing is told: [alerts] and [sentry] name nobody.";
  const open = faults.map((fault): Cell[] => {
    const style = fault.level === "critical" ? "bad" : "waiting";
    const known = told.get(fault.subject)?.condition === fault.condition;
    const what = cutBytes(inline(masked(`${fault.type}: ${fault.value}`)), WHAT_LIMIT);
    return [inline(fault.subject), { text: fault.condition, style }, known ? "yes" : "not yet", inline(fault.holdsUp.join(", ")), what];
  });
  const past = changes.map((change): Cell[] => {
    const arrow = glyphs(paper, "→");
    const how = { text: `${change.was} ${arrow} ${change.condition}`, style: change.condition === "ok" ? "good" : "bad" } as const;
    return [change.at ? stamp(change.at, paper.zone) : "-", inline(change.subject), how, inline(change.host), fate(change)];
  });
  const blocks = [
    [where],
    faults.length > 0 ? table(FAULTS, open, paper) : ["All is well."],
    ...(changes.length > 0 ? [table(CHANGES, past, paper)] : []),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function fate({ told, deliveredAt, sent, tries, trouble }: AlertRow): string {
  if (!told) return "only noted";
  if (deliveredAt) return sent.join(", ") || "yes";
  return `not yet, ${tries} ${tries === 1 ? "try" : "tries"}${trouble ? `: ${inline(trouble)}` : ""}`;
}
