/** The rows hosts leave of themselves. Owns the hashes in them; what follows from them is core/fleet.ts's. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { definition, type Host } from "../core/fleet.ts";
import type { Registry } from "../core/job.ts";
import { type Queryable, type Row, sqlState } from "./db.ts";
import type { HostStatements } from "./host-statements.ts";
import { toDate } from "./rows.ts";

/** Who looks, and with which jobs. */
export interface Looking {
  readonly registry: Registry;
  readonly mode: "pass" | "daemon";
}

/** What the snapshot needs to know of its host, in the order of its parameters from $2 on. */
export function touchParams(looking: Looking, host: { host: string; tags: readonly string[] }): unknown[] {
  return [host.host, registryHash(looking.registry), release(), [...host.tags].sort(), process.pid, looking.mode];
}

export async function writeHost(
  db: Queryable,
  sql: HostStatements,
  { looking, host, tags }: { looking: Looking; host: string; tags: readonly string[] },
): Promise<void> {
  const { registry, mode } = looking;
  // 32 bits tell two definitions apart, and are too few to find out a secret in one by trying.
  const jobs = Object.fromEntries(registry.jobs.map((job) => [job.name, digest(definition(job)).slice(0, 8)]));
  const backfills = registry.jobs.filter((job) => job.backfill).map((job) => job.name);
  const params = [host, registryHash(registry), release(), [...tags].sort(), process.pid, mode, JSON.stringify(jobs), backfills];
  await db.query(sql.write, params);
}

/** Every host that ever looked and is not forgotten. None where this role may not read them: then nobody is judged. */
export async function readHosts(db: Queryable, sql: HostStatements): Promise<Host[]> {
  try {
    return (await db.query(sql.read)).rows.map(toHost);
  } catch (error) {
    if (sqlState(error) === "42501") return [];
    throw error;
  }
}

function toHost(row: Row): Host {
  return {
    label: String(row.label),
    version: String(row.version),
    mode: row.mode === "daemon" ? "daemon" : "pass",
    tags: (row.tags as unknown[]).map(String),
    registry: String(row.registry),
    registrySince: toDate(row.registry_since) ?? new Date(0),
    jobs: new Map(Object.entries(row.jobs as Record<string, unknown>).map(([name, hash]) => [name, String(hash)])),
    seenAt: toDate(row.seen_at) ?? new Date(0),
    gap: typeof row.gap === "number" ? row.gap : null,
  };
}

const hashes = new WeakMap<Registry, string>();

/** Over all definitions, by name: the order of a file does not matter. */
function registryHash(registry: Registry): string {
  let hash = hashes.get(registry);
  if (hash === undefined) {
    const jobs = [...registry.jobs].sort((a, b) => (a.name < b.name ? -1 : 1));
    hash = digest(jobs.map(definition).join("\n")).slice(0, 16);
    hashes.set(registry, hash);
  }
  return hash;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

let known: string | undefined;

/** Of this program, from its manifest. */
export function release(): string {
  known ??= (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;
  return known;
}
