/** docs/roles.sql: the whole program under three database roles, as the file says they are set up. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase } from "../helpers/pg.ts";

const database = await freshDatabase();
const sql = await database.client();
/** Roles belong to the whole server: names of our own, by the edit that the file describes. */
const mark = randomUUID().slice(0, 8);
const role = (name: string) => `ct_${name}_${mark}`;
const ROLES = ["owner", "runner", "viewer"];
const GRANTS = ROLES.reduce((text, name) => text.replaceAll(`crontabber_${name}`, role(name)), readFileSync("docs/roles.sql", "utf8"));
const site: Site = makeSite("");

const urlOf = (name: string) => {
  const url = new URL(database.url);
  url.username = role(name);
  url.password = "secret";
  return url.href;
};
/** The program on web-1, connected as that role. */
const as = (name: string, ...args: string[]) => site.run("web-1", [...args, `--crontabber.database_url=${urlOf(name)}`], { USER: "kim" });

async function asRole(name: string, text: string) {
  const client = new pg.Client({ connectionString: urlOf(name) });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

/** The first step of the file. */
async function newSchema(): Promise<void> {
  await sql.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public;
    GRANT USAGE, CREATE ON SCHEMA public TO ${role("owner")}; GRANT USAGE ON SCHEMA public TO ${role("runner")}, ${role("viewer")}`);
}

beforeAll(async () => {
  for (const name of ROLES) await sql.query(`CREATE ROLE ${role(name)} LOGIN PASSWORD 'secret'`);
  await newSchema();
  site.write(
    "crontabber.ini",
    `[crontabber]
    auto_migrate = no
    history_days = 1
[job:shell]
    command = echo done
    schedule = 1h
    locks = disk
[job:query]
    sql = SELECT 1
    schedule = 1h
    depends_on = shell
[job:dates]
    command = true
    schedule = 1h
    backfill = yes
[job:bad]
    command = false
    schedule = 1h
    max_attempts = 1
`,
  );
  expect(await as("owner", "migrate")).toMatchObject({ code: 0, stderr: "" });
  await asRole("owner", GRANTS);
  await asRole("owner", GRANTS);
});
afterAll(async () => {
  await site.close();
  await sql.query(ROLES.map((name) => `DROP OWNED BY ${role(name)}; DROP ROLE ${role(name)};`).join("\n"));
  await database.drop();
});

describe("roles", () => {
  it("a runner passes, prunes, resets and steers", async () => {
    expect(await as("runner", "run")).toMatchObject({ code: 0 });
    const { rows } = await sql.query("SELECT app_name, outcome FROM crontabber_run ORDER BY app_name");
    expect(rows).toEqual([
      { app_name: "bad", outcome: "failed" },
      { app_name: "dates", outcome: "succeeded" },
      { app_name: "query", outcome: "succeeded" },
      { app_name: "shell", outcome: "succeeded" },
    ]);
    await sql.query(`UPDATE crontabber_upkeep SET pruned_at = now() - interval '2 hours';
      UPDATE crontabber_run SET ended_at = now() - interval '3 days' WHERE app_name = 'query'`);
    expect(await as("runner", "run")).toMatchObject({ code: 0, stderr: "" });
    expect((await sql.query("SELECT FROM crontabber_run WHERE app_name = 'query'")).rowCount).toBe(0);
    for (const args of [
      ["pause", "shell"],
      ["resume", "shell"],
      ["cancel", "shell"],
      ["unlock", "bad"],
      ["mark-success", "bad"],
      ["reset", "dates"],
    ]) {
      expect({ args, ...(await as("runner", ...args)) }).toMatchObject({ args, code: 0, stderr: "" });
    }
  });

  it("a runner has no DDL, and cannot unsay what was done", async () => {
    for (const text of [
      "CREATE TABLE x ()",
      "ALTER TABLE crontabber ADD COLUMN x int",
      "DROP FUNCTION crontabber_tell",
      "TRUNCATE crontabber_run",
    ]) {
      await expect(asRole("runner", text)).rejects.toMatchObject({ code: "42501" });
    }
    for (const text of ["DELETE FROM crontabber_event", "UPDATE crontabber_event SET who = 'x'", "DELETE FROM crontabber_log"]) {
      await expect(asRole("runner", text)).rejects.toMatchObject({ code: "42501" });
    }
    await sql.query("DELETE FROM crontabber_migration WHERE version = (SELECT max(version) FROM crontabber_migration)");
    expect(await as("runner", "run")).toMatchObject({ code: 78, stderr: expect.stringContaining("crontabber migrate") });
    await newSchema();
    expect(await as("owner", "migrate")).toMatchObject({ code: 0 });
    await asRole("owner", GRANTS);
  });

  it("a viewer reads all but what jobs printed, and steers and runs nothing", async () => {
    await as("runner", "run");
    const reading = [["list"], ["-l"], ["show", "bad"], ["next"], ["history"], ["ghosts"], ["list", "--json"], ["show", "bad", "--json"]];
    for (const args of reading) expect({ args, ...(await as("viewer", ...args)) }).toMatchObject({ args, code: 0, stderr: "" });
    expect(await as("viewer", "check")).toMatchObject({ code: 2, stdout: expect.stringContaining("bad (command)") });
    expect(await as("viewer", "explain", "shell")).toMatchObject({ code: 4, stderr: "" });
    const before = (await sql.query("SELECT * FROM crontabber ORDER BY 1")).rows;
    const refused = [
      ["logs", "shell"],
      ["pause", "shell"],
      ["resume", "shell"],
      ["cancel", "shell"],
      ["unlock", "bad"],
      ["mark-success", "bad"],
    ];
    for (const args of [...refused, ["reset", "bad"], ["run", "shell", "--force"]]) {
      expect({ args, ...(await as("viewer", ...args)) }).toMatchObject({
        args,
        code: 69,
        stdout: "",
        stderr: expect.stringContaining("permission denied"),
      });
    }
    const { rows } = await asRole("viewer", "SELECT app_name, state FROM crontabber_jobs WHERE state = 'held'");
    expect(rows).toEqual([{ app_name: "bad", state: "held" }]);
    expect((await asRole("runner", "SELECT code FROM crontabber_health()")).rows).toEqual([{ code: 2 }]);
    expect((await asRole("viewer", "SELECT code FROM crontabber_health()")).rows).toEqual([{ code: 2 }]);
    await expect(asRole("viewer", "SELECT crontabber_pause('shell')")).rejects.toMatchObject({ code: "42501" });
    expect((await sql.query("SELECT * FROM crontabber ORDER BY 1")).rows).toEqual(before);
    expect((await sql.query("SELECT FROM crontabber_event")).rowCount).toBe(0);
  });

  it("every table of ours is granted, every column but the output to the viewer, and only functions that read", async () => {
    const columns = await sql.query(
      `SELECT c.relname || '.' || a.attname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT
        (has_column_privilege($1, c.oid, a.attnum, 'SELECT') AND has_column_privilege($2, c.oid, a.attnum, 'SELECT'))`,
      [role("runner"), role("viewer")],
    );
    expect(columns.rows).toEqual([{ name: "crontabber_run.output" }]);
    const open = await sql.query(
      "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND has_function_privilege($1, oid, 'EXECUTE') ORDER BY 1",
      [role("viewer")],
    );
    const reads = ["blocked_by", "error_part", "health", "job_states", "live_hosts"];
    expect(open.rows.map((row) => row.proname)).toEqual(reads.map((name) => `crontabber_${name}`));
  });
});
