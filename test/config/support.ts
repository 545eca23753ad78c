/** Folders with configurations and modules for the tests of config/. Modules are never imported here: what they say is given. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type Config, type ConfigInput, type LoadedConfig, loadConfig } from "#lib/config/config.js";
import { type BuiltRegistry, buildRegistry, type Mode } from "#lib/config/registry.js";
import { type Problem, problemLine } from "#lib/core/errors.js";
import type { Learn, Learned, LearnedExport } from "#lib/core/learned.js";

/** A folder of its own with these files (bytes or text), gone when the test ends. */
export function folder(files: Record<string, string | Buffer>): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "crontabber-config-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) write(path, name, content);
  return path;
}

export function write(at: string, name: string, content: string | Buffer): void {
  mkdirSync(dirname(join(at, name)), { recursive: true });
  writeFileSync(join(at, name), content);
}

/** What stands in `crontabber.ini`, with a database so that nothing misses one. */
export const withDatabase = (text: string): string => `[crontabber]\ndatabase_url = postgres://u:p@h/d\n${text}`;

export function read(cwd: string, more: Partial<ConfigInput> = {}): LoadedConfig {
  return loadConfig({ cwd, options: [], ...more, env: { HOME: cwd, ...more.env } });
}

export const lines = (problems: readonly Problem[]): string[] => problems.map(problemLine);

/** Modules by file name (relative to the folder) and what importing them would tell. A string is the error it throws. */
export type Modules = Record<string, Record<string, LearnedExport> | string>;

export const job = (more: Partial<LearnedExport> = {}): LearnedExport => ({ hasRun: true, ...more });

/** Learns from `modules` with real stamps of the files on disk; `asked` collects what was imported. */
export function learner(cwd: string, modules: Modules, asked: string[] = []): Learn {
  return async (files) =>
    new Map(
      files.map((file): [string, Learned] => {
        const name = file.slice(cwd.length + 1);
        asked.push(name);
        const known = modules[name] ?? {};
        if (typeof known === "string") return [file, { ok: false, error: { type: "SyntaxError", value: known, traceback: "" } }];
        const { size, mtimeMs, ctimeMs } = statSync(file);
        return [file, { ok: true, exports: known, imports: [{ path: file, size, mtimeMs, ctimeMs }] }];
      }),
    );
}

export interface Built extends BuiltRegistry {
  readonly config: Config;
  readonly all: string[];
}

/** A configuration and its registry; `all` are the problems of both. */
export async function build(
  files: Record<string, string | Buffer>,
  { modules = {}, mode = "pass", ...more }: Partial<ConfigInput> & { modules?: Modules; mode?: Mode } = {},
): Promise<Built> {
  const cwd = folder({ ...Object.fromEntries(Object.keys(modules).map((name) => [name, "//"])), ...files });
  const { config, problems } = read(cwd, more);
  const built = await buildRegistry(config, { mode, learn: learner(cwd, modules), cache: null });
  return { ...built, config, all: lines([...problems, ...built.problems]) };
}
