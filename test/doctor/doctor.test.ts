/** Every finding of the doctor, brought about for real; and nothing found where all is well. */
import { chmodSync, mkdirSync } from "node:fs";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { hasPgbouncer, startPgbouncer } from "../helpers/pgbouncer.ts";

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly text: string;
  readonly why: string | null;
  readonly fix: string | null;
}

let database: TestDatabase;
let site: Site;
let sql: pg.Client;

const JOBS = `[job:a]
    command = true
    schedule = 1h
[job:b]
    command = true
    schedule = 1h
`;
const INI = (url: string, jobs = JOBS) => `[crontabber]\n    database_url = ${url}\n${jobs}`;

async function doctor(args: readonly string[] = [], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await site.run("one", ["doctor", "--json", ...args], env);
  expect(stderr).toBe("");
  const { findings, healthy, now } = JSON.parse(stdout) as { findings: Finding[]; healthy: boolean; now: string | null };
  return { code, findings, healthy, now, of: (check: string) => findings.filter((one) => one.check === check) };
}
const well = (check: string) => [expect.objectContaining({ check, level: "ok" })];

describe("a site that is well", () => {
  afterEach(() => site.close());
  it("has nothing to find, and exit code 0", async () => {
    site = makeSite(INI("embedded:pg"));
    expect((await site.run("one")).code).toBe(0);
    const found = await doctor();
    expect(found.findings.filter(({ level }) => level !== "ok")).toEqual([]);
    expect([found.code, found.healthy]).toEqual([0, true]);
    const { stdout } = await site.run("one", ["doctor"]);
    expect(stdout).toMatch(/^✔ runtime +Node .+\n(✔ .+\n)+$/);
    expect(stdout).toMatch(/✔ configuration +2 jobs in crontabber\.ini\n/);
    expect(stdout).toMatch(/✔ hosts +1 host alive: one\n/);
  });
});

describe("findings", () => {
  beforeAll(async () => {
    database = await freshDatabase();
    sql = await database.client();
  });
  afterAll(() => database?.drop());
  beforeEach(async () => {
    site = makeSite(INI(database.url));
    await site.run("one");
  });
  afterEach(async () => {
    await site.close();
    await sql.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  });

  it("durability: a server that confirms what it may lose", async () => {
    // The test server runs without fsync.
    const found = await doctor();
    expect(found.of("durability")).toEqual([
      expect.objectContaining({ level: "warning", text: expect.stringMatching(/^fsync.* is off: a crash/) }),
    ]);
    expect([found.code, found.healthy]).toEqual([1, false]);
    expect((await site.run("one", ["doctor"])).stdout).toMatch(/▲ durability +fsync.*\n +every promise.*\n +→ set fsync/);
  });

  it("secrets: a file with a password that others can read", async () => {
    const url = new URL(database.url);
    url.password = "geheimnis";
    site.write("secret.ini", INI(url.href));
    chmodSync(`${site.folder}/secret.ini`, 0o640);
    const open = await site.run("one", ["doctor", "--json", "-c", "secret.ini"]);
    const finding = (JSON.parse(open.stdout).findings as Finding[]).find(({ check }) => check === "secrets");
    expect(finding).toMatchObject({
      level: "warning",
      text: expect.stringContaining("secret.ini holds a secret"),
      fix: "chmod 600 secret.ini",
    });
    expect(finding?.text).toContain("mode 640");
    expect(open.stdout + open.stderr).not.toContain("geheimnis");
    chmodSync(`${site.folder}/secret.ini`, 0o600);
    const shut = await site.run("one", ["doctor", "--json", "-c", "secret.ini"]);
    expect((JSON.parse(shut.stdout).findings as Finding[]).filter(({ check }) => check === "secrets")).toEqual(well("secrets"));
  });

  it("secrets and folders: what others can change is worse", async () => {
    expect((await doctor()).of("folders")).toEqual(well("folders"));
    chmodSync(`${site.folder}/crontabber.ini`, 0o664);
    mkdirSync(`${site.folder}/state-one/crontabber/compiled`, { recursive: true });
    chmodSync(`${site.folder}/state-one/crontabber/compiled`, 0o777);
    const found = await doctor();
    expect(found.of("secrets")).toContainEqual(
      expect.objectContaining({ level: "bad", text: "others can change crontabber.ini (mode 664)", fix: "chmod go-w crontabber.ini" }),
    );
    expect(found.of("folders")).toMatchObject([
      { level: "bad", text: expect.stringMatching(/^others can write into .*\/compiled \(mode 777\)$/) },
    ]);
  });

  it("page: where it listens, and what that means", async () => {
    expect((await doctor()).of("page")).toEqual([]);
    expect((await doctor(["--crontabber.http=127.0.0.1:8484"])).of("page")).toMatchObject([
      { level: "ok", text: expect.stringContaining("nobody can act") },
    ]);
    const open = await doctor(["--crontabber.http=0.0.0.0:8484", "--crontabber.http_token=geheimnis"]);
    expect(open.of("page")).toMatchObject([
      { level: "warning", text: expect.stringContaining("no TLS"), fix: expect.stringContaining("proxy") },
    ]);
  });

  it("limits: connections that are not there, time-outs that cut what must stay", async () => {
    expect((await doctor()).of("limits")).toEqual(well("limits"));
    expect((await doctor(["--crontabber.concurrency=1000"])).of("limits")).toMatchObject([
      { text: expect.stringMatching(/room for \d+ more connections, .* 1002$/) },
    ]);
    await sql.query(`ALTER DATABASE ${database.name} SET idle_session_timeout = '5s'`);
    try {
      expect((await doctor()).of("limits")).toMatchObject([{ level: "warning", text: "idle_session_timeout is 5 s" }]);
    } finally {
      await sql.query(`ALTER DATABASE ${database.name} RESET idle_session_timeout`);
    }
  });

  it("requests: of jobs that nobody has, and those that wait too long", async () => {
    expect((await doctor()).of("requests")).toEqual(well("requests"));
    expect((await site.run("one", ["trigger", "a", "--payload", "1"])).code).toBe(0);
    expect((await doctor()).of("requests")).toEqual(well("requests"));
    await sql.query(`UPDATE crontabber_request SET not_before = now() - interval '1 hour';
      INSERT INTO crontabber_request (app_name, kind, slot_from, slot_to, not_before) VALUES ('gone', 'backfill', now(), now(), now() - interval '2 hours')`);
    expect((await doctor()).of("requests").map(({ text, fix }) => `${text.replace(/#\d+/, "#N")}: ${fix}`)).toEqual([
      "request #N (trigger of a) waits for 1 hour: crontabber explain a",
      "request #N (backfill of gone) waits for 2 hours: configure it again, or crontabber backfill gone --cancel",
    ]);
  });

  it("roles: a superuser, and what those of docs/roles.sql have and lack", async () => {
    expect((await doctor()).of("roles")).toMatchObject([{ text: "the role is a superuser" }]);
    // These names are the cluster's: what they may do in this database goes with it.
    for (const role of ["crontabber_runner", "crontabber_viewer"]) {
      await sql.query(`DO $$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
    }
    await sql.query(`GRANT USAGE ON SCHEMA public TO crontabber_runner, crontabber_viewer; GRANT SELECT ON crontabber TO crontabber_runner;
      GRANT SELECT ON ALL TABLES IN SCHEMA public TO crontabber_viewer; GRANT DELETE ON crontabber TO crontabber_viewer`);
    const told = (await doctor()).of("roles").map(({ text }) => text);
    expect(told).toContain("crontabber_viewer may DELETE on crontabber, SELECT on crontabber_run, and should not");
    expect(told.find((text) => text.startsWith("crontabber_runner lacks "))).toContain("INSERT on crontabber_run");
    await sql.query(
      "REVOKE DELETE ON crontabber FROM crontabber_viewer; REVOKE SELECT ON crontabber_run FROM crontabber_viewer; REVOKE SELECT ON crontabber FROM crontabber_runner",
    );
    expect((await doctor()).of("roles").map(({ text }) => text)).toEqual(["the role is a superuser"]);
  });

  it("spool: outcomes that were never delivered, and those nobody can read", async () => {
    expect((await doctor()).of("spool")).toEqual(well("spool"));
    const folder = "state-one/crontabber/outcomes-0123456789abcdef";
    mkdirSync(`${site.folder}/${folder}`, { recursive: true });
    for (const name of ["x.json", "y.json", "z.json.unreadable"]) site.write(`${folder}/${name}`, "{}");
    expect((await doctor()).of("spool").map(({ text }) => text)).toEqual([
      expect.stringMatching(/^2 outcomes in .* not delivered yet$/),
      expect.stringMatching(/z\.json\.unreadable could not be read/),
    ]);
  });

  it.each([
    ["ahead of", 60_000],
    ["behind", -60_000],
  ])("clock: a host whose clock is %s the database's", async (word, ms) => {
    const lie = `const R=Date;globalThis.Date=class extends R{constructor(...a){if(a.length)super(...a);else super(R.now()+(${ms}))}static now(){return R.now()+(${ms})}}`;
    const found = await doctor([], { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(lie)}` });
    expect(found.of("clock")).toEqual([
      expect.objectContaining({ level: "warning", text: expect.stringMatching(new RegExp(`clock is \\d\\d s ${word} the database`)) }),
    ]);
    expect((await doctor()).of("clock")).toEqual(well("clock"));
  });

  it("schema: tables that are missing are told, and not made", async () => {
    await sql.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    const found = await doctor();
    expect(found.of("schema")).toEqual([
      {
        check: "schema",
        level: "warning",
        text: expect.stringMatching(/^migrations are missing: 0001_\w+, .*0005_/),
        why: null,
        fix: "crontabber migrate; the next pass does it, too",
      },
    ]);
    expect([found.code, found.now]).toEqual([1, null]);
    expect((await sql.query("SELECT to_regclass('crontabber') AS it")).rows).toEqual([{ it: null }]);
  });

  it("rights: what the role may not do", async () => {
    const role = `r_${database.name}`;
    await sql.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'geheimnis'; GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
    );
    try {
      await sql.query(`GRANT INSERT, UPDATE, DELETE ON crontabber, crontabber_upkeep, crontabber_lock, crontabber_host TO ${role}`);
      await sql.query(`GRANT INSERT ON crontabber_log, crontabber_event TO ${role}; GRANT UPDATE, DELETE ON crontabber_run TO ${role}`);
      const url = new URL(database.url);
      [url.username, url.password] = [role, "geheimnis"];
      site.write("crontabber.ini", INI(url.href));
      const found = await doctor();
      expect(found.of("rights").map(({ text }) => text)).toContain("the role lacks INSERT on crontabber_run");
      expect(found.of("rights").map(({ text }) => text)).not.toContain("the role lacks UPDATE on crontabber_log");
      expect(found.of("database")).toEqual([expect.objectContaining({ text: expect.stringContaining(`as ${role}`) })]);
    } finally {
      await sql.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it("rows: ghosts, held jobs, runs without an owner, claims of the Python tool", async () => {
    expect(["ghosts", "held", "stuck"].map((check) => well(check))).toEqual(
      await doctor().then(({ of }) => ["ghosts", "held", "stuck"].map(of)),
    );
    await sql.query(`INSERT INTO crontabber (app_name, next_run) VALUES ('stray', now());
      UPDATE crontabber SET held_at = now(), held_reason = 'lost 3 times in a row' WHERE app_name = 'a';
      UPDATE crontabber SET run_id = gen_random_uuid(), ongoing = now() - interval '1 hour', host = 'web-9', lease_seconds = 120,
        lease_until = now() - interval '30 minutes' WHERE app_name = 'b'`);
    const found = await doctor();
    expect(found.of("ghosts")).toMatchObject([{ level: "warning", text: "stray has a row and is in no configuration" }]);
    expect(found.of("held")).toMatchObject([
      { level: "warning", text: "a is held: lost 3 times in a row", fix: "crontabber logs a, then unlock" },
    ]);
    expect(found.of("stuck")).toMatchObject([
      { level: "bad", text: expect.stringMatching(/^b lost its owner \(web-9\) 30 minutes.* ago, and nobody took over$/) },
    ]);
    await sql.query("UPDATE crontabber SET run_id = NULL, lease_until = NULL WHERE app_name = 'b'");
    expect((await doctor()).of("stuck")).toMatchObject([
      { level: "warning", text: expect.stringMatching(/^b is claimed by the Python tool for 1 hour/) },
    ]);
  });

  it("hosts: none, silent ones, and releases that are mixed", async () => {
    expect((await doctor()).of("hosts")).toEqual(well("hosts"));
    await sql.query(`INSERT INTO crontabber_host (label, version, mode, tags, registry, jobs, seen_at)
      SELECT l, v, 'pass', '{}', registry, jobs, now() - s * interval '1 second' FROM crontabber_host h,
        (VALUES ('two', '1.0.0', 400), ('three', '9.9.9', 1)) AS x (l, v, s)`);
    expect((await doctor()).of("hosts").map(({ text }) => text)).toEqual([
      expect.stringMatching(/^two is silent since /),
      "they run different releases: 1.0.0, 9.9.9",
    ]);
    await sql.query("UPDATE crontabber_host SET seen_at = now() - interval '1 hour'");
    expect((await doctor()).of("hosts")).toMatchObject([{ level: "bad", text: "no host has looked in the last minutes: nothing runs" }]);
    await sql.query("TRUNCATE crontabber_host");
    expect((await doctor()).of("hosts")).toMatchObject([{ level: "bad", text: "no host has looked yet" }]);
  });

  it("fleet: jobs that run nowhere, and jobs that are not the same everywhere", async () => {
    expect((await doctor()).of("fleet")).toEqual(well("fleet"));
    site.write(
      "other.ini",
      INI(database.url, JOBS.replace("command = true", "command = false").replace("[job:b]", "    tags = gpu\n[job:c]")),
    );
    await site.run("two", ["-c", "other.ini"]);
    expect((await doctor(["-c", "other.ini"])).of("fleet").map(({ level, text }) => `${level} ${text}`)).toEqual([
      "bad a runs nowhere: no live host carries gpu",
      "warning a is not the same everywhere: different: one | two",
      "warning b is not the same everywhere: missing on two",
      "warning c is not the same everywhere: missing on one",
    ]);
  });

  it("configuration: a module that cannot be imported, and what was warned of", async () => {
    site.write("broken.ts", "export const = ;");
    site.write(
      "crontabber.ini",
      `${INI(database.url)}\n[logging]\n    level = 3\n`.replace("[job:a]", "    jobs = broken.Job|1d\n[job:a]"),
    );
    const found = await doctor();
    expect(found.of("configuration").map(({ level }) => level)).toEqual(["bad", "warning"]);
    expect(found.code).toBe(1);
  });

  it("database: one that takes no writes", async () => {
    await sql.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only TO on`);
    site.write("crontabber.ini", INI(database.session("settings")));
    try {
      expect((await doctor()).of("database")).toMatchObject([{ level: "bad", text: expect.stringMatching(/takes no writes/) }]);
    } finally {
      await sql.query(`SET default_transaction_read_only TO off; ALTER DATABASE ${database.name} RESET default_transaction_read_only`);
    }
  });

  it("database: one that does not answer is told with everything else, and ends in 69", async () => {
    const url = new URL(database.url);
    url.port = "1";
    site.write("crontabber.ini", INI(url.href));
    const found = await doctor();
    expect(found.of("database")).toMatchObject([{ level: "bad", text: expect.stringMatching(/^cannot use the database/) }]);
    expect(found.of("configuration")).toEqual(well("configuration"));
    expect(found.code).toBe(69);
  });

  it.runIf(hasPgbouncer)("notices: a pooler in transaction mode is told, and no finding", async () => {
    const bouncer = await startPgbouncer(database.url);
    try {
      site.write("crontabber.ini", INI(bouncer.url(database.url)));
      const [found] = (await doctor()).of("notices");
      expect(found).toMatchObject({ level: "ok", text: expect.stringMatching(/^LISTEN does not get through/) });
    } finally {
      await bouncer.close();
    }
    site.write("crontabber.ini", INI(database.session("listen")));
    expect((await doctor()).of("notices")).toMatchObject([{ level: "ok", text: "LISTEN works: daemons wake at once" }]);
  });
});
