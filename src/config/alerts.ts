/** The section `[alerts]`: where changes of jobs and hosts are told. Reads its values; sends nothing. */
import type { Problem } from "../core/errors.ts";
import type { Interpolator } from "./interpolate.ts";
import { problemAt } from "./source.ts";
import type { Section } from "./tree.ts";

export interface AlertSettings {
  /** Takes a POST; null: none. A secret. */
  readonly webhook: string | null;
  /** For `/bin/sh -c`; null: none. */
  readonly command: string | null;
  /** Asked for by GET after each pass; null: nobody. A secret. */
  readonly pingUrl: string | null;
}

export const ALERT_KEYS: readonly string[] = ["webhook", "command", "ping_url"];

/** An empty value is as good as none. */
export function readAlerts(root: Section, interpolator: Interpolator): { alerts: AlertSettings; problems: readonly Problem[] } {
  const section = root.sections.get("alerts");
  const problems: Problem[] = [];
  const text = (key: string): string | null => {
    const value = section?.values.get(key);
    if (!section || !value) return null;
    return interpolator.text(section, value)?.trim() || null;
  };
  const address = (key: string): string | null => {
    const written = text(key);
    const value = section?.values.get(key);
    if (written === null || !value || isAddress(written)) return written;
    problems.push(problemAt(value.at, `${key}: is not the address of a web server`, "write https://host/path"));
    return null;
  };
  return { alerts: { webhook: address("webhook"), command: text("command"), pingUrl: address("ping_url") }, problems };
}

/** Somebody wants to hear of what goes wrong, or that nothing does. */
export function alertsWanted({ alerts, sentryDsn }: { readonly alerts: AlertSettings; readonly sentryDsn: string | null }): boolean {
  return alerts.webhook !== null || alerts.command !== null || alerts.pingUrl !== null || sentryDsn !== null;
}

function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
