/** A second release beside the one under test: its copy, one migration ahead. Owns the folder. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Process, Site } from "../helpers/hosts.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Build {
  /** The number of its own migration. */
  readonly version: number;
  /** As `Site.start`, but with this release. */
  start(site: Site, host: string, args?: readonly string[]): Process;
  close(): void;
}

/** `migration` is the text of what it adds; `program` is the level it understands. */
export function nextBuild(migration: string, { program = 1 }: { program?: number } = {}): Build {
  const folder = mkdtempSync(join(tmpdir(), "crontabber-build-"));
  for (const name of ["dist", "migrations", "package.json"]) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const code = join(folder, "dist/store/migrate.js");
  const text = readFileSync(code, "utf8");
  const newest = Number(/NEWEST = (\d+)/.exec(text)?.[1]);
  const version = newest + 1;
  writeFileSync(code, text.replace(/NEWEST = \d+/, `NEWEST = ${version}`).replace(/PROGRAM = \d+/, `PROGRAM = ${program}`));
  writeFileSync(join(folder, "migrations", `${String(version).padStart(4, "0")}_next.sql`), migration);
  const manifest = join(folder, "package.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/"version": "[^"]+"/, '"version": "99.0.0"'));
  return {
    version,
    start: (site, host, args) => site.startWith(join(folder, "dist/cli.js"), host, args),
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
