import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError, StoreError } from "#lib/core/errors.js";
import { replan } from "#lib/core/replan.js";
import type { RunEnd } from "#lib/core/state.js";
import { migrate, migrations, NEWEST, PROGRAM } from "#lib/store/migrate.js";
import { Store } from "#lib/store/store.js";
import { makeJob } from "../helpers/job.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { connectionOf } from "../helpers/store.ts";

type Settings = ConstructorParameters<typeof Store>[0];

let database: TestDatabase;
let sql: pg.Client;
const stores: Store[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  sql = await database.client();
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await database?.drop();
});

function host(schema: string, over: Partial<Settings> = {}): Store {
  const settings = { autoMigrate: true, max: 2, host: "h", tags: [], maxOngoingAge: 43_200, pinned: () => null };
  const store = new Store({ ...settings, connection: connectionOf(database.url), schema, ...over });
  stores.push(store);
  return store;
}

const quoted = (schema: string) => `"${schema.replaceAll('"', '""')}"`;
const applied = async (schema: string) =>
  (await sql.query(`SELECT version, name FROM ${quoted(schema)}.crontabber_migration ORDER BY version`)).rows;
const ALL = migrations().map(({ version, name }) => ({ version, name }));
const problem = { problems: [expect.objectContaining({ file: "database" })] };

/** A whole run of a job, as a host does it. */
async function runOnce(store: Store): Promise<void> {
  const job = makeJob({ name: "job" });
  const { now } = await store.snapshot();
  const plan = replan(job, null, now);
  await store.insertPlans(plan ? [{ job, plan }] : []);
  const claimed = await store.claim(job, new Map());
  if (!claimed.held) throw new Error(JSON.stringify(claimed));
  const end: RunEnd = { outcome: "succeeded", error: null, result: null, output: null };
  expect(await store.record(claimed.ticket, end)).toBe("recorded");
  await store.fleet.prune(90, null);
  expect(await store.reset({ name: "job", force: false })).toEqual({ done: true, fenced: null });
}

describe("the folder", () => {
  it("counts from 1 without gaps, and NEWEST is its last", () => {
    expect(ALL.map(({ version }) => version)).toEqual(ALL.map((_, i) => i + 1));
    expect(ALL.at(-1)?.version).toBe(NEWEST);
  });

  it("names the oldest program that a schema works with, no newer one than this", () => {
    for (const { oldestProgram } of migrations()) expect(oldestProgram).toBeLessThanOrEqual(PROGRAM);
    const folder = mkdtempSync(join(tmpdir(), "crontabber-migrations-"));
    writeFileSync(join(folder, "0002_second.sql"), "-- oldest-program: 7\nSELECT 1;");
    writeFileSync(join(folder, "0001_first.sql"), "SELECT 1;");
    writeFileSync(join(folder, "README.md"), "");
    expect(migrations(folder).map(({ version, name, oldestProgram }) => [version, name, oldestProgram])).toEqual([
      [1, "0001_first", 1],
      [2, "0002_second", 7],
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe("a migration", () => {
  it("of an empty database comes with the first snapshot, and only once", async () => {
    const store = host("public");
    expect((await store.snapshot()).states.size).toBe(0);
    expect(await applied("public")).toEqual(ALL);
    expect(await store.migrate()).toEqual([]);
    expect(await applied("public")).toEqual(ALL);
    await runOnce(store);
  });

  it.each(["other", 'we"ird Schéma; DROP TABLE x --', "UPPER.dot"])(
    "in schema %j started by twenty hosts at once is applied once each",
    async (schema) => {
      const results = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const store = host(schema, { max: 1 });
          if (i % 2 === 0) return store.migrate();
          await store.snapshot();
          return [];
        }),
      );
      expect(await applied(schema)).toEqual(ALL);
      expect(results.flat()).toHaveLength(new Set(results.flat()).size);
      const { rows } = await sql.query("SELECT count(*)::int AS n FROM pg_namespace WHERE nspname = $1", [schema]);
      expect(rows).toEqual([{ n: 1 }]);
      await runOnce(host(schema));
    },
  );

  it("that fails leaves nothing of itself, and those before it stay", async () => {
    const { db } = host("half");
    const bad = { version: 2, name: "0002_bad", text: "CREATE TABLE halfway (); SELECT 1 / 0", oldestProgram: 1 };
    const good = { version: 1, name: "0001_good", text: "CREATE TABLE whole ()", oldestProgram: 1 };
    await expect(migrate(db, "half", [good, bad])).rejects.toThrow("division by zero");
    expect(await applied("half")).toEqual([{ version: 1, name: "0001_good" }]);
    expect((await sql.query("SELECT tablename FROM pg_tables WHERE schemaname = 'half' ORDER BY 1")).rows).toEqual([
      { tablename: "crontabber_migration" },
      { tablename: "whole" },
    ]);
    expect(await migrate(db, "half", [good, { ...bad, text: "CREATE TABLE halfway ()" }])).toEqual(["0002_bad"]);
  });

  it("leaves the session settings of the connection as they were", async () => {
    const { db } = host("settings", { max: 1 });
    const settings =
      "SELECT current_setting('search_path') AS path, current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement";
    const before = (await db.query(settings)).rows;
    await migrate(db, "settings");
    expect((await db.query(settings)).rows).toEqual(before);
  });

  it("does not find tables of another schema instead of its own", async () => {
    await host("first").migrate();
    await sql.query(`ALTER DATABASE ${database.name} SET search_path TO first`);
    try {
      await runOnce(host("second"));
      expect((await sql.query("SELECT count(*)::int AS n FROM first.crontabber_run")).rows).toEqual([{ n: 0 }]);
    } finally {
      await sql.query(`ALTER DATABASE ${database.name} RESET search_path`);
    }
  });
});

describe("a schema that does not fit", () => {
  it("is left alone with auto_migrate = no, whether missing or old", async () => {
    await expect(host("absent", { autoMigrate: false }).snapshot()).rejects.toMatchObject(problem);
    await expect(host("absent", { autoMigrate: false }).snapshot()).rejects.toThrow(ConfigError);
    await expect(host("absent", { autoMigrate: false }).reset({ name: "x", force: false })).rejects.toThrow(/crontabber migrate/);
    expect((await sql.query("SELECT 1 FROM pg_namespace WHERE nspname = 'absent'")).rowCount).toBe(0);
    await migrate(host("old").db, "old", migrations().slice(0, 1));
    await expect(host("old", { autoMigrate: false }).snapshot()).rejects.toThrow(ConfigError);
    expect(await applied("old")).toEqual(ALL.slice(0, 1));
    await host("old").snapshot();
    expect((await host("old", { autoMigrate: false }).snapshot()).states.size).toBe(0);
  });

  it("is refused when it needs a newer program, by reading and by migrating, and only then", async () => {
    const store = host("newer");
    await store.migrate();
    await sql.query("INSERT INTO newer.crontabber_migration (version, name, oldest_program) VALUES (998, 'kind', $1)", [PROGRAM]);
    await runOnce(store);
    await sql.query("INSERT INTO newer.crontabber_migration (version, name, oldest_program) VALUES (999, 'strict', $1)", [PROGRAM + 1]);
    await expect(store.migrate()).rejects.toThrow(ConfigError);
    await expect(host("newer", { autoMigrate: false }).snapshot()).rejects.toThrow(ConfigError);
    await expect(store.snapshot()).rejects.toThrow(/needs a newer crontabber \(level 2, this one is level 1\)/);
  });
});

describe("a role", () => {
  const as = (role: string, schema: string, over: Partial<Settings> = {}) => {
    const url = new URL(database.url);
    url.username = role;
    url.password = role;
    return host(schema, { connection: connectionOf(url.href), ...over });
  };

  beforeAll(async () => {
    await host("shared").migrate();
    for (const role of ["worker", "reader"]) {
      await sql.query(`CREATE ROLE ${role}_${database.name} LOGIN PASSWORD '${role}_${database.name}'`);
      await sql.query(`GRANT USAGE ON SCHEMA shared TO ${role}_${database.name}`);
      await sql.query(`GRANT SELECT ON ALL TABLES IN SCHEMA shared TO ${role}_${database.name}`);
    }
    await sql.query(`GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO worker_${database.name}`);
    await sql.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA shared TO worker_${database.name}`);
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    for (const role of ["worker", "reader"]) {
      await sql.query(`DROP OWNED BY ${role}_${database.name}`);
      await sql.query(`DROP ROLE ${role}_${database.name}`);
    }
  });

  it("without the right to create anything works on a schema that is up to date", async () => {
    const worker = as(`worker_${database.name}`, "shared");
    await runOnce(worker);
    expect(await worker.migrate()).toEqual([]);
  });

  it("that may only read can list, and is told what it may not do", async () => {
    const reader = as(`reader_${database.name}`, "shared");
    expect((await reader.snapshot()).states.size).toBe(0);
    expect(await reader.history("job", 10)).toHaveLength(1);
    await expect(reader.reset({ name: "job", force: false })).rejects.toThrow(StoreError);
    await expect(reader.reset({ name: "job", force: false })).rejects.toThrow(/permission denied/);
  });

  it("without the right to create is told so where tables are missing", async () => {
    await expect(as(`worker_${database.name}`, "forbidden").snapshot()).rejects.toThrow(/permission denied/);
  });
});
