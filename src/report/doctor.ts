/** What is wrong with a host, its database and its fleet: one line a check, each with what it means and what to do. Owns the texts. */
import type { RequestRow } from "../store/request-rows.ts";
import type { Finding } from "./doctor-findings.ts";
import { examineFleet } from "./doctor-fleet.ts";
import { type ExaminedHost, examineHost } from "./doctor-host.ts";
import { type ExaminedServer, examineServer } from "./doctor-server.ts";
import { glyphs, paint } from "./paint.ts";
import { wrapped } from "./safe.ts";
import { iso, zoned } from "./times.ts";
import type { Document, Paper, View } from "./view.ts";

export type { Finding } from "./doctor-findings.ts";

/** What was found out, as far as that went. */
export interface Examined extends ExaminedHost, ExaminedServer {
  /** With the hosts; null: there are no tables to read yet. */
  readonly view: View | null;
  /** Requests that nobody is serving. */
  readonly requests: readonly RequestRow[];
}

export function examine(found: Examined): Finding[] {
  return [...examineHost(found), ...examineServer(found), ...(found.view ? examineFleet(found.view, found.requests) : [])];
}

/** One line a finding; what it means and its fix below it. */
export function doctorText(findings: readonly Finding[], paper: Paper): string {
  const room = Math.max(...findings.map(({ check }) => check.length));
  const looks = { ok: ["good", "✔"], warning: ["waiting", "▲"], bad: ["bad", "✖"] } as const;
  const lines = findings.flatMap(({ check, level, text, why, fix }) => {
    const [style, glyph] = looks[level];
    const below = " ".repeat(room + 4);
    const lines = (said: string) => wrapped(said, paper.width - below.length, 2);
    const [first = "", ...rest] = lines(zoned(text, paper.zone));
    return [
      `${paint(paper, style, glyphs(paper, glyph))} ${check.padEnd(room)}  ${first}`,
      ...rest.map((line) => below + line),
      ...(why === null ? [] : lines(why).map((line) => below + paint(paper, "faint", line))),
      ...(fix === null ? [] : lines(`${glyphs(paper, "→")} ${fix}`).map((line) => below + line)),
    ];
  });
  return `${lines.join("\n")}\n`;
}

export function doctorDocument(findings: readonly Finding[], now: Date | null): Document {
  return { schema: "crontabber.doctor/1", now: iso(now), healthy: findings.every(({ level }) => level === "ok"), findings };
}
