/** The layers are kept by the linter, not by goodwill: each rule is shown a planted offence and must name it; what is allowed must pass. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const IMPORTS = "lint/style/noRestrictedImports";

interface Case {
  readonly file: string;
  readonly code: string;
  /** Rules that must fire; none: it is allowed. */
  readonly red: readonly string[];
}
const bad = (file: string, code: string, ...red: string[]): Case => ({ file, code, red: red.length > 0 ? red : [IMPORTS] });
const good = (file: string, code: string): Case => ({ file, code, red: [] });

const CASES: Readonly<Record<string, readonly Case[]>> = {
  "core/ imports core/ only": [
    good("src/core/a1.ts", 'import { x } from "./a2.ts";\nexport const y = x;\n'),
    bad("src/core/a3.ts", 'export { x } from "../store/db.ts";\n'),
    bad("src/core/a4.ts", 'import type { Clock } from "../clock.ts";\nexport type C = Clock;\n'),
    bad("src/core/a5.ts", 'export { readFileSync } from "node:fs";\n'),
    bad("src/core/a6.ts", 'export { default } from "cron-parser";\n'),
    bad("src/core/a7.ts", 'export const os = await import("node:os");\n'),
    good("src/core/cron.ts", 'import { createRequire } from "node:module";\nexport const load = createRequire;\n'),
    bad("src/core/plan.ts", 'import { createRequire } from "node:module";\nexport const load = createRequire;\n'),
  ],
  "core/ is a function of its arguments": [
    good("src/core/b1.ts", "export const d = (ms: number) => new Date(ms);\nexport const u = Date.UTC(2026, 1);\n"),
    bad("src/core/b2.ts", "export const d = () => new Date();\n", "plugin"),
    bad("src/core/b3.ts", "export const d = () => Date.now();\n", "plugin"),
    bad("src/core/b4.ts", "export const d = () => Math.random();\n", "plugin"),
    bad("src/core/b5.ts", "export const d = () => setTimeout(() => {}, 1);\n", "lint/style/noRestrictedGlobals"),
    bad("src/core/b6.ts", "export const d = () => process.env;\n", "lint/style/noRestrictedGlobals"),
    bad("src/core/b7.ts", "export const d = () => performance.now();\n", "lint/style/noRestrictedGlobals"),
  ],
  "nobody asks the host what time it is": [
    bad("src/engine/c1.ts", "export const d = () => Date.now();\n", "plugin"),
    bad("src/report/c2.ts", "export const d = () => new Date();\n", "plugin"),
    bad("src/store/c3.ts", "export const d = () => Date.now();\n", "plugin"),
    good("src/clock.ts", "export const d = () => Date.now();\n"),
  ],
  "config/ reads files and nothing else": [
    good("src/config/d1.ts", 'export { readFileSync } from "node:fs";\nexport { x } from "../core/a1.ts";\n'),
    bad("src/config/d2.ts", 'export { Store } from "../store/store.ts";\n'),
    bad("src/config/d3.ts", 'export { spawn } from "node:child_process";\n'),
    bad("src/config/d4.ts", 'export { default } from "pg";\n', IMPORTS, "plugin"),
    bad("src/config/d5.ts", 'export const learn = () => import("../run/learn.ts");\n'),
  ],
  "store/ is the only importer of pg": [
    good("src/store/e1.ts", 'export { Pool } from "pg";\n'),
    bad("src/store/e2.ts", 'export { pass } from "../engine/pass.ts";\n'),
    bad("src/store/e3.ts", 'export { spawn } from "node:child_process";\n'),
    good("src/store/embedded-e4.ts", 'export { spawn } from "node:child_process";\n'),
    bad("src/store/embedded-e5.ts", 'export { Pool } from "pg";\n'),
    bad("src/engine/e6.ts", 'import pg from "pg";\nexport const p = new pg.Pool();\n', IMPORTS, "plugin"),
    bad("src/report/e7.ts", 'export const p = () => import("pg");\n', "plugin"),
    bad("src/app.ts", 'export { Pool } from "pg";\n', "plugin"),
    bad("src/run/e8.ts", 'import pg from "pg";\nexport const p = new pg.Pool();\n', "plugin"),
    bad(
      "src/run/e9.ts",
      'import { createRequire } from "node:module";\nexport const p = createRequire(import.meta.url)("pg") as unknown;\n',
      "plugin",
    ),
    good("src/run/e10.ts", 'import type pg from "pg";\nexport type P = pg.Pool;\n'),
    good("src/run/host-e11.ts", 'import pg from "pg";\nexport const p = new pg.Pool();\n'),
  ],
  "run/ starts processes and knows no store, its child side apart": [
    good("src/run/f1.ts", 'export { spawn } from "node:child_process";\nexport { uptime } from "../clock.ts";\n'),
    bad("src/run/f2.ts", 'export { Store } from "../store/store.ts";\n'),
    bad("src/run/f3.ts", 'export { pass } from "../engine/pass.ts";\n'),
    good("src/run/host.ts", 'export { recordIn } from "../store/record.ts";\n'),
    bad("src/run/host-f4.ts", 'export { pass } from "../engine/pass.ts";\n'),
  ],
  "engine/ tells the story: shapes of store/ and run/, no code of theirs": [
    good(
      "src/engine/g1.ts",
      'import type { Store } from "../store/store.ts";\nexport type { Runner } from "../run/runner.ts";\nexport type S = Store;\n',
    ),
    bad("src/engine/g2.ts", 'import { isTransient } from "../store/db.ts";\nexport const t = isTransient;\n', "plugin"),
    bad("src/engine/g3.ts", 'import {\n  type Store,\n  make,\n} from "../store/store.ts";\nexport const s: Store = make();\n', "plugin"),
    bad("src/engine/g4.ts", 'export { start } from "../run/runner.ts";\n', "plugin"),
    bad("src/engine/g5.ts", 'export const s = () => import("../store/store.ts");\n', "plugin"),
    bad("src/engine/g6.ts", 'export { spawn } from "node:child_process";\n'),
    bad("src/engine/g7.ts", 'export type { Config } from "../config/config.ts";\n'),
    bad("src/engine/g8.ts", 'export type { View } from "../report/view.ts";\n'),
  ],
  "report/ reads": [
    good(
      "src/report/h1.ts",
      'import type { Run } from "../store/runs.ts";\nexport type R = Run;\nexport { x } from "../core/a1.ts";\nexport { uptime } from "../clock.ts";\n',
    ),
    good("src/report/web/h2.ts", 'export { R } from "../h1.ts";\nexport { x } from "../../core/a1.ts";\n'),
    bad("src/report/h3.ts", 'import { reset } from "../store/reset.ts";\nexport const r = reset;\n', "plugin"),
    bad("src/report/web/h4.ts", 'export { reset } from "../../store/reset.ts";\n', "plugin"),
    bad("src/report/h5.ts", 'export { exec } from "node:child_process";\n'),
    bad("src/report/h7.ts", 'export { loadConfig } from "../config/config.ts";\n'),
    bad("src/report/h6.ts", 'export { setUp } from "../app.ts";\n'),
  ],
  "web/pages/ makes markup of what it is given": [
    good(
      "src/web/pages/w1.ts",
      'export { html } from "../html.ts";\nexport type { Html } from "../seam.ts";\nexport { x } from "../../core/a1.ts";\nexport { layout } from "@dagrejs/dagre";\nexport { createHash } from "node:crypto";\n',
    ),
    bad("src/web/pages/w2.ts", 'export { Hub } from "../hub.ts";\n'),
    bad("src/web/pages/w3.ts", 'export { Hono } from "hono";\n'),
    bad("src/web/pages/w4.ts", 'export { readFileSync } from "node:fs";\n'),
    bad("src/web/pages/w5.ts", 'import { reset } from "../../store/reset.ts";\nexport const r = reset;\n', "plugin"),
    bad("src/web/pages/w6.ts", "export const d = () => new Date();\n", "plugin"),
  ],
  "web/client/ runs in browsers": [
    good("src/web/client/v1.ts", "export const d = performance.now();\n"),
    bad("src/web/client/v2.ts", 'export { html } from "../html.ts";\n'),
    bad("src/web/client/v3.ts", 'export { readFileSync } from "node:fs";\n'),
    bad("src/web/client/v4.ts", "export const d = () => Date.now();\n", "plugin"),
  ],
  "the command line goes through app.ts": [
    good("src/cli.ts", 'export { setUp } from "./app.ts";\nexport { main } from "./cli/main.ts";\n'),
    good(
      "src/cli/i1.ts",
      'export { setUp } from "../app.ts";\nexport { table } from "../report/table.ts";\nexport { x } from "../core/a1.ts";\n',
    ),
    good("src/cli/i7.ts", 'import type { Asked } from "../engine/pass.ts";\nexport type A = Asked;\n'),
    bad("src/cli/i2.ts", 'export { Store } from "../store/store.ts";\n', "plugin"),
    bad("src/cli/i3.ts", 'export const p = () => import("../engine/pass.ts");\n', "plugin"),
    good("src/cli/verbs/i5.ts", 'export { setUp } from "../../app.ts";\nexport { x } from "../../core/a1.ts";\n'),
    bad("src/cli/verbs/i6.ts", 'export { Store } from "../../store/store.ts";\n', "plugin"),
    bad("src/cli/i4.ts", 'export { spawn } from "node:child_process";\n'),
  ],
  "index.ts is what job authors import": [bad("src/index.ts", 'export { Store } from "./store/store.ts";\n')],
  "promises and switches are finished": [
    bad("src/engine/k1.ts", "const f = async () => 1;\nexport const g = () => {\n  f();\n};\n", "lint/nursery/noFloatingPromises"),
    bad(
      "src/engine/k2.ts",
      "const f = async () => {};\nexport const g = () => [1].forEach(async () => {\n  await f();\n});\n",
      "lint/nursery/noMisusedPromises",
    ),
    bad(
      "src/engine/k3.ts",
      'export function g(t: "a" | "b"): number {\n  switch (t) {\n    case "a":\n      return 1;\n  }\n  return 2;\n}\n',
      "lint/nursery/useExhaustiveSwitchCases",
    ),
    bad("src/engine/k4.ts", 'import { b } from "./k5.ts";\nexport const a = () => b;\n', "lint/suspicious/noImportCycles"),
    bad("src/engine/k5.ts", 'import { a } from "./k4.ts";\nexport const b = () => a;\n', "lint/suspicious/noImportCycles"),
    bad("src/engine/k6.ts", 'import { a } from "./k4.ts";\n', "lint/correctness/noUnusedImports"),
    bad("src/engine/k7.ts", "export const g = (x: any) => x;\n", "lint/suspicious/noExplicitAny"),
  ],
};

let folder = "";
const found = new Map<string, Set<string>>();

function lint(cwd: string): Promise<string> {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", "--reporter=json", "--max-diagnostics=1000", "--vcs-enabled=false", "src"];
  return new Promise((done) => execFile(process.execPath, args, { cwd, maxBuffer: 64e6 }, (_error, stdout) => done(stdout)));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "crontabber-layers-"));
  for (const part of ["biome.json", "package.json", "tsconfig.json", "scripts/lint"])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  for (const { file, code } of Object.values(CASES).flat()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
  const { diagnostics } = JSON.parse(await lint(folder)) as { diagnostics: { category: string; location: { path: string } }[] };
  for (const { category, location } of diagnostics) {
    const rules = found.get(location.path) ?? new Set();
    found.set(location.path, rules.add(category));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const [layer, cases] of Object.entries(CASES)) {
  describe(layer, () => {
    it.each(cases)("$file", ({ file, red }) => {
      expect([...(found.get(file) ?? [])].sort()).toEqual([...red].sort());
    });
  });
}
