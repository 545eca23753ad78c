// Packs the package, installs the tarball in empty folders and drives it as a user would. What is tested is what would be published.
// `--json FILE` writes { passed, failed } there. Exit code 1 if a check failed.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const work = mkdtempSync(join(tmpdir(), "crontabber-pack-"));
const tally = { passed: 0, failed: 0 };

/** What may be in the tarball; everything else is a mistake. */
const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|config\.example\.ini)$/,
  /^dist\/[\w/-]+\.js$/,
  /^dist\/crontabber\.1$/,
  /^dist\/(index|run\/define)\.d\.ts$/,
  /^dist\/web\/client\/[\w-]+\.(css|svg)$/,
  /^migrations\/\d{4}_[\w-]+\.sql$/,
  /^jobs\/[\w./-]+\.(ts|mts|js|sql|sh)$/,
  /^docs\/[\w./-]+\.(md|json|sql|svg|png)$/,
];
const REQUIRED = [
  ...["package.json", "README.md", "LICENSE", "CHANGELOG.md", "config.example.ini"],
  ...["dist/cli.js", "dist/index.js", "dist/index.d.ts", "dist/run/host.js", "dist/run/guard-main.js", "dist/crontabber.1"],
  ...["dist/web/client/page.css", "dist/web/client/live.js"],
  ...readdirSync(join(root, "migrations")).map((name) => `migrations/${name}`),
  ...readdirSync(join(root, "jobs")).map((name) => `jobs/${name}`),
];

const CONFIG = `[crontabber]
    database_url = embedded:data
    spool = spool
    jobs = '''
        jobs.hello.Hello|1h
    '''
[job:shout]
    command = echo "$CRONTABBER_JOB at $CRONTABBER_SLOT" > shouted.txt
    schedule = 1h
    depends_on = hello
`;
const JOB = `import { defineJob } from "crontabber";
export const Hello = defineJob({
  options: { name: "world" },
  async run(ctx) {
    const { rows } = await ctx.db.query<{ two: number }>("select 1 + 1 as two");
    return { hello: ctx.options.name, two: rows[0]?.two };
  },
});
`;
const CONSUMER = `import { defineJob, ExecError, type JobContext, StoppedError } from "crontabber";

export const Report = defineJob({
  name: "report",
  dependsOn: ["ingest"],
  backfill: true,
  timeout: "30m",
  options: { page_size: 100 },
  async run(ctx) {
    const size: number = ctx.options.page_size;
    const slot: number = ctx.slot.getTime();
    const fence: bigint = ctx.fence;
    const { rows } = await ctx.db.query<{ id: string }>("select 1 as id");
    const ids: (string | undefined)[] = rows.map((row) => row.id);
    const { stdout } = await ctx.exec("true", [], { check: false });
    ctx.progress(1, 2, "half");
    ctx.log.info({ size, slot }, stdout);
    ctx.signal.throwIfAborted();
    // @ts-expect-error an option nobody declared
    ctx.options.pagesize;
    return { ids, fence: String(fence) };
  },
});
// @ts-expect-error a key that does not exist
export const Typo = defineJob({ dependson: "ingest", run: () => 1 });
export const name = (ctx: JobContext): string => ctx.runId;
export const ended = (error: unknown): boolean => error instanceof ExecError || error instanceof StoppedError;
`;

/** Runs one named check; a thrown error is its failure. */
function check(name, act) {
  const began = Date.now();
  try {
    const note = act();
    tally.passed += 1;
    console.log(`ok    ${name}${note ? `: ${note}` : ""} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    tally.failed += 1;
    console.log(`FAIL  ${name}\n${String(error.message).replace(/^/gm, "      ")}`);
  }
}

function expect(truth, message) {
  if (!truth) throw new Error(message);
}

/** A program's answer; throws unless it ends with `code`. */
function run(cwd, command, args, { code = 0, env = process.env } = {}) {
  const done = spawnSync(command, args, { cwd, env, encoding: "utf8", timeout: 120_000 });
  const said = `${done.stdout ?? ""}${done.stderr ?? ""}`;
  if (done.status !== code)
    throw new Error(`${command} ${args.join(" ")}: exit ${done.status ?? done.signal ?? done.error}, not ${code}\n${said}`);
  return { stdout: done.stdout, stderr: done.stderr };
}

/** As from a shell of its own: nothing of the npm that runs us. */
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|CRONTABBER|PG|NODE_|INIT_CWD)/i.test(name)));
const crontabber = (cwd, args, code = 0) => run(cwd, join(cwd, "node_modules/.bin/crontabber"), args, { code, env: clean });

function sizeOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function install(name, tarball, flags = []) {
  const folder = join(work, name);
  mkdirSync(join(folder, "jobs"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }\n');
  writeFileSync(join(folder, "crontabber.ini"), CONFIG);
  writeFileSync(join(folder, "jobs/hello.ts"), JOB);
  run(folder, "npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...flags, tarball], { env: clean });
  return folder;
}

/** One pass over both jobs on a database that starts with it. */
function pass(folder) {
  crontabber(folder, []);
  const { stdout } = crontabber(folder, ["--list-jobs"]);
  expect(stdout.startsWith(`=== JOB ${"=".repeat(72)}\n`), stdout);
  expect(stdout.includes("App name:       hello") && stdout.includes("App name:       shout"), stdout);
  expect(!stdout.includes("NO PREVIOUS RUN INFO") && !stdout.includes("Error!!"), stdout);
  const shouted = readFileSync(join(folder, "shouted.txt"), "utf8");
  expect(/^shout at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(shouted), shouted);
}

function types(folder, resolution) {
  const options = { target: "es2023", lib: ["es2023"], strict: true, noEmit: true, exactOptionalPropertyTypes: true, types: ["node"] };
  const module = resolution === "bundler" ? "preserve" : "nodenext";
  const compilerOptions = { ...options, module, moduleResolution: resolution, skipLibCheck: false };
  writeFileSync(join(folder, `tsconfig.${resolution}.json`), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  writeFileSync(join(folder, "consumer.ts"), CONSUMER);
  run(folder, process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", `tsconfig.${resolution}.json`]);
}

/** Packs, and judges what is in the tarball; its path. */
function packed() {
  let tarball = "";
  check("npm pack", () => {
    const [pack] = JSON.parse(run(root, "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work]).stdout);
    tarball = join(work, pack.filename);
    return `${pack.entryCount} files, ${megabytes(pack.size)} packed, ${megabytes(pack.unpackedSize)} unpacked`;
  });
  check("the tarball holds what it must and nothing else", () => {
    const listed = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    const files = listed.map((name) => name.replace(/^package\//, "")).filter((name) => !name.endsWith("/"));
    const missing = REQUIRED.filter((name) => !files.includes(name));
    const strange = files.filter((name) => !ALLOWED.some((pattern) => pattern.test(name)));
    expect(missing.length === 0 && strange.length === 0, `missing: ${missing.join(" ")}\nunexpected: ${strange.join(" ")}`);
  });
  check("publint finds nothing", () => {
    run(root, process.execPath, [join(root, "node_modules/publint/src/cli.js"), "run", tarball, "--strict"]);
  });
  return tarball;
}

function drive(folder) {
  check("--version", () => {
    const { stdout } = crontabber(folder, ["--version"]);
    expect(stdout.includes(version), `no ${version} in: ${stdout}`);
  });
  check("--help", () => {
    const { stdout } = crontabber(folder, ["--help"]);
    for (const word of ["run", "list", "explain", "history", "configtest"]) expect(stdout.includes(word), `no "${word}" in:\n${stdout}`);
  });
  check("a verb that does not exist starts nothing", () => void crontabber(folder, ["lsit"], 64));
  check("--configtest imports a .ts job", () => void crontabber(folder, ["--configtest"]));
  check("--configtest refuses a bad schedule, with file and line", () => {
    writeFileSync(join(folder, "broken.ini"), CONFIG.replace("|1h", "|1x"));
    const { stdout, stderr } = crontabber(folder, ["-c", "broken.ini", "--configtest"], 1);
    expect(/broken\.ini:5/.test(stdout + stderr), `no file and line in:\n${stdout}${stderr}`);
  });
  check("a pass runs both jobs on an embedded PostgreSQL", () => void pass(folder));
  check("check", () => {
    const { stdout } = crontabber(folder, ["check"]);
    expect(stdout.includes("OK - All systems nominal"), stdout);
  });
  for (const resolution of ["nodenext", "bundler"]) check(`types resolve (${resolution})`, () => void types(folder, resolution));
}

function main() {
  const tarball = packed();
  let folder = "";
  check("npm install in an empty folder", () => {
    folder = install("plain", tarball);
    const modules = join(folder, "node_modules");
    return `${megabytes(sizeOf(modules))} in node_modules, ${megabytes(sizeOf(join(modules, "crontabber")))} ours`;
  });
  if (folder) drive(folder);
  check("works where install scripts are blocked", () => void pass(install("blocked", tarball, ["--ignore-scripts"])));
}

try {
  main();
} finally {
  rmSync(work, { recursive: true, force: true });
}
const at = process.argv.indexOf("--json");
if (at > 0) writeFileSync(process.argv[at + 1], JSON.stringify(tally));
console.log(`tarball: ${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed > 0 ? 1 : 0);
