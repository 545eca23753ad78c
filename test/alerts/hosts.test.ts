/** Alerts as an operator meets them: real passes and daemons, a real web server, a real command; and what they must not do to a pass. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ended, makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { carrying, until } from "../helpers/processes.ts";
import { schemaOf, violations } from "../report/schema.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

let database: TestDatabase;
let sql: pg.Client;
let site: Site;
let receiver: Receiver;

beforeEach(async () => {
  database = await freshDatabase();
  sql = await database.client();
  receiver = await startReceiver();
  site = makeSite("");
});
afterEach(async () => {
  await site.close();
  await receiver.close();
  await database.drop();
});

const BAD = `[job:bad]
    command = echo secret-word >&2; echo bad >> ran; test -e mended
    schedule = 1h
    owner = data-team
    runbook = https://wiki.example/bad
`;
const CHILD = `[job:child]
    command = true
    schedule = 1h
    depends_on = bad
`;

function configure(alerts: string, jobs = BAD + CHILD, more = "", file = "crontabber.ini"): void {
  const ini = `[crontabber]\n    database_url = ${database.url}\n    error_retry_time = 0\n${more}[alerts]\n${alerts}\n${jobs}`;
  site.write(file, ini);
}
const hook = () => `    webhook = ${receiver.url}/hook\n`;
const texts = () => receiver.alerts.map(({ text }) => text);
const rows = async (columns: string) => (await sql.query(`SELECT ${columns} FROM crontabber_alert ORDER BY id`)).rows;
/** Its time to tell has run out, as if half a minute had passed. */
const lapse = () => sql.query("UPDATE crontabber_alert SET claimed_until = clock_timestamp() - interval '1 second'");

describe("passes", () => {
  it("tell a failure once, whoever passes after it, and that it is over; with owner, runbook and what it holds up", async () => {
    configure(hook());
    expect((await site.run("one")).code).toBe(0);
    await Promise.all([site.run("two"), site.run("one"), site.run("three")]);
    expect(receiver.alerts).toHaveLength(1);
    const [alert] = receiver.alerts;
    expect(violations(schemaOf("alert"), alert)).toEqual([]);
    expect(alert).toMatchObject({
      ...{ schema: "crontabber.alert/1", condition: "failing", was: "ok", level: "critical", job: "bad", errors: 1, seen_by: "one" },
      ...{ owner: "data-team", runbook: "https://wiki.example/bad", holds_up: ["child"], subject: { kind: "job", name: "bad" } },
      ...{ run: { outcome: "failed", attempt: 1, host: "one" }, error: { type: expect.any(String), value: expect.any(String) } },
    });
    expect(alert?.text).toMatch(/^crontabber: bad is failing: .*; holds up child; owner data-team; runbook https:\/\/wiki\.example\/bad$/);
    site.write("mended", "");
    await site.run("two");
    await site.run("one");
    expect(texts().slice(1)).toEqual(["crontabber: bad is ok again, it was failing"]);
    expect(await rows("subject, condition, delivered_at IS NOT NULL AS done, sent")).toEqual([
      { subject: "job:bad", condition: "failing", done: true, sent: ["webhook"] },
      { subject: "job:bad", condition: "ok", done: true, sent: ["webhook"] },
    ]);
  });

  it("tell nothing of what a human has switched off, nor before alert_after, nor of alerts = no", async () => {
    const job = (name: string, more: string) => `[job:${name}]\n    command = false\n    schedule = 1h\n${more}`;
    configure(
      hook(),
      job("quiet", "    alerts = no\n") + job("third", "    alert_after = 3\n") + job("paused", "") + job("dates", "    backfill = yes\n"),
    );
    await site.run("one", ["migrate"]);
    await site.run("one", ["run", "paused", "--crontabber.error_retry_time=600", "--alerts.webhook="]);
    expect((await site.run("one", ["pause", "paused"])).code).toBe(0);
    await site.run("one");
    expect(texts()).toEqual([]);
    await site.run("one");
    expect(texts()).toEqual([expect.stringMatching(/^crontabber: dates is failing \(2 errors in a row\)/)]);
    await site.run("one");
    expect(texts().slice(1)).toEqual([expect.stringMatching(/^crontabber: third is failing \(3 errors in a row\)/)]);
    expect((await site.run("one", ["resume", "paused"])).code).toBe(0);
    await site.run("one");
    expect(texts().slice(2)).toEqual([expect.stringMatching(/^crontabber: paused is failing/)]);
  });

  it("with nothing configured do without: nothing is judged, nothing is written", async () => {
    configure("");
    await site.run("one");
    expect(await rows("subject")).toEqual([]);
  });

  it("that meet a webhook that hangs, refuses or is not there, or a command that ignores SIGTERM, end as if nothing were", async () => {
    const [hangs, refuses] = [await startReceiver(), await startReceiver()];
    hangs.answer("hang");
    refuses.answer(500);
    const rude = {
      hangs: `webhook = ${hangs.url}/hook`,
      refuses: `webhook = ${refuses.url}/hook`,
      gone: "webhook = http://127.0.0.1:1/hook",
      stubborn: "command = trap '' TERM; sleep 1000 & sleep 1000; echo survived >> survived",
    };
    // The first would hang for ever, the last for a quarter of an hour.
    await Promise.all(
      Object.entries(rude).map(async ([name, channel]) => {
        configure(`    ${channel}\n`, `${BAD}[job:good]\n    command = true\n    schedule = 1h\n`, `    schema = ${name}\n`, `${name}.ini`);
        const { code, stderr } = await site.run("one", ["-c", `${name}.ini`]);
        expect([name, code, stderr.includes("/hook")]).toEqual([name, 0, false]);
        const outcomes = await sql.query(`SELECT outcome FROM ${name}.crontabber_run ORDER BY app_name`);
        expect(outcomes.rows).toEqual([{ outcome: "failed" }, { outcome: "succeeded" }]);
        const told = await sql.query(
          `SELECT tries, delivered_at, claimed_until > clock_timestamp() AS later, trouble FROM ${name}.crontabber_alert`,
        );
        const trouble =
          name === "stubborn" ? "command: the command took too long and was ended" : expect.stringMatching(/^webhook: 127\.0\.0\.1:/);
        expect(told.rows).toEqual([{ tries: 1, delivered_at: null, later: true, trouble }]);
      }),
    );
    expect(carrying("CRONTABBER_ALERT_JOB=bad")).toEqual([]);
    expect(refuses.asked).toHaveLength(3);
    await Promise.all([hangs.close(), refuses.close()]);
  }, 60_000);

  it("what was not taken is told later, by anybody, as the same alert and in its order", async () => {
    configure(hook());
    receiver.answer(404);
    await site.run("one");
    expect(receiver.asked).toHaveLength(1);
    site.write("mended", "");
    await site.run("one");
    receiver.answer(200);
    await lapse();
    await site.run("two");
    expect(receiver.alerts.map(({ condition, id }) => [condition, id])).toEqual(
      (await rows("alert_id, condition")).map((row) => [row.condition, row.alert_id]),
    );
    expect(receiver.alerts.map(({ condition }) => condition)).toEqual(["failing", "ok"]);
    await site.run("one");
    expect(receiver.alerts).toHaveLength(2);
  });

  it("a host that is killed between claim and delivery leaves the telling to another", async () => {
    configure(hook());
    receiver.answer("hang");
    const teller = site.start("one");
    await until("it is sending", () => receiver.asked.length > 0);
    teller.kill("SIGKILL");
    await teller.ended;
    receiver.answer(200);
    await site.run("two");
    expect(receiver.alerts).toEqual([]);
    await lapse();
    await Promise.all([site.run("two"), site.run("three")]);
    expect(receiver.alerts.map(({ id }) => id)).toEqual((await rows("alert_id")).map((row) => row.alert_id));
    expect(receiver.alerts).toHaveLength(1);
    expect(JSON.parse(receiver.asked[0]?.body ?? "")).toEqual(receiver.alerts[0]);
  });

  it("a signal ends the telling at once, and the exit code is still the pass's own", async () => {
    configure(hook());
    receiver.answer("hang");
    const teller = site.start("one");
    await until("it is sending", () => receiver.asked.length > 0);
    teller.kill("SIGTERM");
    expect(await teller.ended).toMatchObject({ code: 0, signal: null });
    expect(await rows("delivered_at, tries")).toEqual([{ delivered_at: null, tries: 1 }]);
  });

  it("are not led elsewhere by a webhook, nor held up by one that redirects in circles", async () => {
    const other = await startReceiver();
    configure(hook());
    receiver.answer({ to: `${other.url}/stolen`, status: 307 });
    await site.run("one");
    expect(other.asked).toEqual([]);
    expect(receiver.asked).toHaveLength(1);
    receiver.answer({ to: "/hook", status: 308 });
    await lapse();
    await site.run("one");
    expect(receiver.asked).toHaveLength(1 + 4);
    expect(await rows("delivered_at, trouble")).toEqual([{ delivered_at: null, trouble: expect.stringMatching(/ answered 308$/) }]);
    await other.close();
  });

  it("ping_url is asked for after each pass that could look, and not after one that could not", async () => {
    configure(`    ping_url = ${receiver.url}/ping/secret-key\n`, CHILD.replace("depends_on = bad", "# alone"));
    expect(await site.run("one")).toMatchObject({ code: 0, stderr: "" });
    expect(receiver.asked).toEqual([{ method: "GET", path: "/ping/secret-key", body: "" }]);
    expect((await site.run("one", ["--crontabber.database_url=postgres://127.0.0.1:1/x"])).code).toBe(69);
    receiver.answer(500);
    expect((await site.run("one")).code).toBe(0);
    expect(receiver.asked).toHaveLength(2);
  });
});

describe("crontabber alerts", () => {
  it("lists what is wrong, whether it was told and what became of it; sends samples, and says what did not take them", async () => {
    configure(`${hook()}    command = test -e mail\n`);
    const list = async () => (await site.run("one", ["alerts"])).stdout;
    expect(await list()).toBe("Told by webhook, command.\n\nAll is well.\n");
    await site.run("one", ["--alerts.command="]);
    expect(await list()).toMatch(/job:bad +failing +yes +child +.*\n\nAT .*\n[0-9: -]+ job:bad +ok → failing +one +webhook\n$/);
    site.write("mended", "");
    await site.run("two");
    expect(await list()).toMatch(
      /All is well\.\n\n.*\n.* failing → ok +two +not yet, 1 try: command: the command ended with exit code 1\n/,
    );
    const test = await site.run("one", ["alerts", "test"]);
    expect(test).toMatchObject({ code: 1, stdout: expect.stringMatching(/^sent sample [0-9a-f-]{36} by webhook\n$/) });
    expect(test.stderr).toContain("command: the command ended with exit code 1");
    expect(receiver.alerts.at(-1)).toMatchObject({
      text: "crontabber: this is a test from one, nothing is wrong",
      subject: { kind: "test" },
    });
    expect((await site.run("one", ["alerts", "tset"])).code).toBe(64);
    configure("");
    expect(await site.run("one", ["alerts", "test"])).toMatchObject({ code: 1, stdout: "" });
    expect(await list()).toMatch(/^Nothing is told: /);
  });
});

describe("a command", () => {
  it("gets the document on stdin, variables, and no credentials", async () => {
    configure("    command = cat >> told; env | sort > env; echo '$HOME %(x)s' > literal\n");
    await site.run("one", [], { PGPASSWORD: "hunter2", AWS_KEY: "x" });
    const told = JSON.parse(site.lines("told")[0] ?? "");
    expect(violations(schemaOf("alert"), told)).toEqual([]);
    const env = site.lines("env");
    expect(env).toContain(`CRONTABBER_ALERT_TEXT=${told.text}`);
    expect(env).toContain("CRONTABBER_ALERT_CONDITION=failing");
    expect(env).toContain("CRONTABBER_ALERT_JOB=bad");
    expect(env.filter((line) => /hunter2|AWS_KEY/.test(line))).toEqual([]);
    expect(site.lines("literal")).toEqual(["$HOME %(x)s"]);
  });

  it("that fails says why in the table, and the other channel is not told twice", async () => {
    configure(`${hook()}    command = echo "no mail here" >&2; test -e mail\n`);
    await site.run("one");
    expect(await rows("sent, trouble")).toEqual([
      { sent: ["webhook"], trouble: "command: the command ended with exit code 1: no mail here" },
    ]);
    site.write("mail", "");
    await lapse();
    await site.run("two");
    expect(await rows("sent, trouble, tries")).toEqual([{ sent: ["webhook", "command"], trouble: null, tries: 2 }]);
    expect(receiver.alerts).toHaveLength(1);
  });
});

describe("Sentry", () => {
  const preload = fileURLToPath(new URL("../fixtures/sentry.mjs", import.meta.url));
  const sentry = (ended: Ended) =>
    ended.stderr
      .split("\n")
      .filter((line) => line.startsWith('{"dsn"'))
      .map((line) => JSON.parse(line));

  it("gets one event, grouped by job and condition", async () => {
    configure("", `[sentry]\n    dsn = https://key@sentry.example/1\n${BAD}`);
    const [sent] = sentry(await site.run("one", [], { NODE_OPTIONS: `--import ${preload}` }));
    expect(sent).toMatchObject({
      dsn: "https://key@sentry.example/1",
      event: {
        ...{ fingerprint: ["crontabber", "job", "bad", "failing"], level: "error", event_id: expect.stringMatching(/^[0-9a-f]{32}$/) },
        ...{ tags: { job: "bad", host: "one", outcome: "failed", slot: expect.any(String), condition: "failing" } },
        exception: { values: [{ type: expect.any(String), value: expect.any(String) }] },
      },
    });
    expect(sentry(await site.run("two", [], { NODE_OPTIONS: `--import ${preload}` }))).toEqual([]);
  });

  it("not installed: said, and nothing is hurt", async () => {
    configure("", `[sentry]\n    dsn = https://key@sentry.example/1\n${BAD}`);
    const { code, stderr } = await site.run("one", ["--verbose"], { NODE_OPTIONS: `--import ${preload}`, SENTRY: "missing" });
    expect(code).toBe(0);
    expect(stderr).toContain("@sentry/node is not installed");
    expect(await rows("delivered_at IS NOT NULL AS done")).toEqual([{ done: true }]);
  });
});

describe("what only this host knows", () => {
  /** As if it had lasted so much longer. */
  const old = (kind: string, seconds: number) => {
    const folder = join("state-one", "crontabber");
    const name = readdirSync(join(site.folder, folder)).find((file) => /^alerts-.*\.json$/.test(file)) ?? "";
    const memory = JSON.parse(readFileSync(join(site.folder, folder, name), "utf8"));
    memory[kind].up -= seconds;
    site.write(join(folder, name), JSON.stringify(memory));
  };

  it("a configuration it refuses is told once after a while, and when it is good again", async () => {
    configure(hook(), CHILD);
    for (let i = 0; i < 2; i++) expect((await site.run("one")).code).toBe(78);
    expect(texts()).toEqual([]);
    old("refused", 40);
    for (let i = 0; i < 2; i++) expect((await site.run("one")).code).toBe(78);
    expect(texts()).toEqual([expect.stringMatching(/^crontabber: the configuration of one is refused: .*"bad"/)]);
    configure(hook(), BAD.replace("test -e mended", "true"));
    for (let i = 0; i < 2; i++) expect((await site.run("one")).code).toBe(0);
    expect(texts().slice(1)).toEqual(["crontabber: the configuration of one is ok again, it was refused"]);
    expect(new Set(receiver.alerts.map(({ id }) => id)).size).toBe(2);
  });

  it("a database it cannot use is told once after overdue_after, and when it is good again", async () => {
    configure(hook(), BAD.replace("test -e mended", "true"));
    const away = ["--crontabber.database_url=postgres://127.0.0.1:1/x"];
    for (let i = 0; i < 2; i++) expect((await site.run("one", away)).code).toBe(69);
    expect(texts()).toEqual([]);
    old("unreachable", 700);
    for (let i = 0; i < 2; i++) expect((await site.run("one", away)).code).toBe(69);
    expect(texts()).toEqual([expect.stringMatching(/^crontabber: the database, seen from one, is unreachable: /)]);
    for (let i = 0; i < 2; i++) expect((await site.run("one")).code).toBe(0);
    expect(texts().slice(1)).toEqual([expect.stringMatching(/is ok again, it was unreachable$/)]);
  });

  it("a module that cannot be imported is told, and the other jobs run", async () => {
    configure(hook(), "[job:good]\n    command = echo good >> ran\n    schedule = 1h\n", "    jobs = jobs.broken.Broken|1h\n");
    mkdirSync(join(site.folder, "jobs"));
    site.write("jobs/broken.mjs", "throw new Error('not today');\n");
    expect((await site.run("one")).code).toBe(78);
    old("refused", 40);
    expect((await site.run("one")).code).toBe(78);
    expect(site.lines("ran")).toEqual(["good"]);
    expect(texts()).toEqual([expect.stringContaining("not today")]);
  });
});

describe("daemons", () => {
  it("tell of each other's jobs once, while they work, and end at once beside a webhook that hangs", async () => {
    configure(hook(), `${BAD}[job:tick]\n    command = echo tick >> ticks\n    schedule = 1s\n`);
    const hosts = ["one", "two"].map((host) => site.start(host, ["daemon"]));
    const ticked = (n: number) => until("jobs go on", () => site.lines("ticks").length >= n);
    /** A new configuration is a new look: nobody has to wait for the next one. */
    const look = async () => {
      await ticked(site.lines("ticks").length + 2);
      for (const host of hosts) host.kill("SIGHUP");
    };
    const soon = (what: string, holds: () => boolean) =>
      until(what, async () => {
        if (!holds()) await look();
        return holds();
      });
    await soon("it is told", () => receiver.alerts.length > 0);
    site.write("mended", "");
    await until("it is told to be over", () => receiver.alerts.length > 1);
    expect(receiver.alerts.map(({ condition }) => condition)).toEqual(["failing", "ok"]);
    receiver.answer("hang");
    const error = { type: "E", value: "v", traceback: "" };
    await sql.query("UPDATE crontabber SET error_count = 5, last_error = $1, next_run = next_run + interval '1 h' WHERE app_name = 'bad'", [
      error,
    ]);
    await soon("it hangs", () => receiver.asked.length > 2);
    await ticked(site.lines("ticks").length + 2);
    for (const host of hosts) host.kill("SIGTERM");
    expect((await Promise.all(hosts.map((host) => host.ended))).map(({ code }) => code)).toEqual([0, 0]);
  });
});
