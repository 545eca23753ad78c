/**
 * Makes a data folder. A crash at any line leaves either nothing of value or something the next start finishes: initdb works
 * in a staging folder, one rename says it is done, and its entries move up with PG_VERSION last. Only under the keeper's lock.
 */
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { failure } from "./embedded-failure.ts";
import { NAME, SERVER_LOG, SETTINGS_FILE, STAGED, STAGING_PREFIX } from "./embedded-folder.ts";

const SETTINGS = `# crontabber's settings of its private PostgreSQL. To change one, set it in postgresql.conf, below the line that includes this file.
# fsync stays on: what crontabber promises rests on it.
timezone = 'UTC'
log_timezone = 'UTC'
max_connections = 100
shared_buffers = 16MB
max_wal_size = 256MB
jit = off
log_checkpoints = off
log_line_prefix = '%m [%p] '
`;

/** Programs see nothing of the user's environment: PGDATA, PGPORT or a locale there must change nothing. */
export const CLEAN_ENV: Readonly<Record<string, string>> = { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

interface Program {
  readonly command: readonly string[];
  readonly folder: string;
  readonly stdin: string;
}

/** Resolves with all it wrote; rejects with a StoreError when it fails. */
function finish({ command: [program = "", ...args], folder, stdin }: Program): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd: folder, env: CLEAN_ENV, detached: true });
    let output = "";
    const more = (chunk: Buffer) => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", more);
    child.stderr.on("data", more);
    child.stdin.on("error", () => {}); // it ended before it read; its exit code tells
    child.stdin.end(stdin);
    child.once("error", (error) => fail(failure(folder, `${program} does not run: ${error.message}`, output)));
    child.once("close", (code, signal) => {
      appendFileSync(join(folder, SERVER_LOG), output);
      if (code === 0) done(output);
      else fail(failure(folder, `${program} ended with ${signal ?? code}`, output));
    });
  });
}

/** initdb refuses a uid without a passwd entry, which containers often run as; in a user namespace it can be `nobody`. */
function namedUser(): string[] {
  try {
    userInfo();
    return [];
  } catch {
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534"];
  }
}

/** UTF-8 and an order of strings that no system library can change under the indexes. */
function locale(major: number): string[] {
  const c = ["--encoding=UTF8", "--locale=C"];
  return major >= 17 ? [...c, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : c;
}

/** Moves a finished staging folder's entries up; safe to repeat. */
export function moveUp(folder: string): void {
  const staged = join(folder, STAGED);
  const names = readdirSync(staged).filter((name) => name !== "PG_VERSION");
  for (const name of [...names, "PG_VERSION"]) renameSync(join(staged, name), join(folder, name));
  rmdirSync(staged);
}

/** Makes the data folder in `folder`, which must be empty but for our own files. Throws StoreError. */
export async function initialise(folder: string, { bin, major }: { bin: string; major: number }): Promise<void> {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(STAGING_PREFIX)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const staging = mkdtempSync(join(folder, STAGING_PREFIX));
  try {
    const trust = ["--auth-local=trust", "--auth-host=reject"];
    const initdb = [...namedUser(), join(bin, "initdb"), "-D", staging, "-U", NAME, ...trust, ...locale(major)];
    await finish({ command: initdb, folder, stdin: "" });
    const single = [join(bin, "postgres"), "--single", "-D", staging, "-c", "log_checkpoints=off", "template1"];
    await finish({ command: single, folder, stdin: `CREATE DATABASE ${NAME}\n` });
    writeFileSync(join(staging, SETTINGS_FILE), SETTINGS);
    appendFileSync(join(staging, "postgresql.conf"), `\ninclude '${SETTINGS_FILE}'\n`);
    renameSync(staging, join(folder, STAGED));
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
  moveUp(folder);
}
