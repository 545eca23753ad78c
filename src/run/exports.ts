/** What a module's exports say of jobs, as data. Owns the reading of a definition; judges none of its values. */
import type { LearnedExport } from "../core/learned.ts";
import { JOB } from "./define.ts";
import { runOf } from "./load.ts";

const KEYS: readonly Exclude<keyof LearnedExport, "hasRun" | "unknown">[] = [
  ...(["name", "schedule", "timezone", "dependsOn", "backfill", "startDeadline", "timeout", "errorRetryTime", "retry"] as const),
  ...(["maxAttempts", "onLost", "maxLost", "lease", "transaction", "tags", "locks", "env", "envPass", "cwd", "user"] as const),
  ...(["description", "owner", "runbook", "alertAfter", "alerts", "enabled", "options"] as const),
];

/** Of one export; null: it is neither an object nor a function. Never throws: getters and proxies of a module may. */
export function learnExport(value: unknown): LearnedExport | null {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return null;
  try {
    const hasRun = runOf(value) !== null;
    if (typeof value === "function" || !(hasRun || (value as { [JOB]?: unknown })[JOB])) return { hasRun };
    const definition = value as Record<string, unknown>;
    const known = KEYS.flatMap((key) => (definition[key] === undefined ? [] : [[key, plain(definition[key])]]));
    const unknown = Object.keys(definition).filter((key) => key !== "run" && !(KEYS as readonly string[]).includes(key));
    return { hasRun, ...Object.fromEntries(known), ...(unknown.length > 0 && { unknown }) };
  } catch {
    return { hasRun: false }; // it cannot even be read
  }
}

/** As JSON has it; what JSON has not is told by its name, for a message about a bad value. */
function plain(value: unknown): unknown {
  try {
    const json = JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part));
    return json === undefined ? `[${typeof value}]` : JSON.parse(json);
  } catch {
    return `[${typeof value}]`; // a cycle, or a getter that throws
  }
}
