/** Alerts as an operator meets them: real passes, a real web server; and what they must not do to a pass. */
import { describe, expect, it } from "vitest";
import { carrying, until } from "../helpers/processes.ts";
import { schemaOf, violations } from "../report/schema.ts";
import { startReceiver } from "./receiver.ts";
import { aroundEach, BAD, CHILD } from "./site.ts";

const around = aroundEach();

describe("passes", () => {
  it("tell a failure once, whoever passes after it, and that it is over; with owner, runbook and what it holds up", async () => {
    const { configure, hook, receiver, rows, site, texts } = around();
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
    const { configure, hook, site, texts } = around();
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
    const { configure, rows, site } = around();
    configure("");
    await site.run("one");
    expect(await rows("subject")).toEqual([]);
  });

  it("that meet a webhook that hangs, refuses or is not there, or a command that ignores SIGTERM, end as if nothing were", async () => {
    const { configure, site, sql } = around();
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
    const { configure, hook, lapse, receiver, rows, site } = around();
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
    const { configure, hook, lapse, receiver, rows, site } = around();
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
    const { configure, hook, receiver, rows, site } = around();
    configure(hook());
    receiver.answer("hang");
    const teller = site.start("one");
    await until("it is sending", () => receiver.asked.length > 0);
    teller.kill("SIGTERM");
    expect(await teller.ended).toMatchObject({ code: 0, signal: null });
    expect(await rows("delivered_at, tries")).toEqual([{ delivered_at: null, tries: 1 }]);
  });

  it("are not led elsewhere by a webhook, nor held up by one that redirects in circles", async () => {
    const { configure, hook, lapse, receiver, rows, site } = around();
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
    const { configure, receiver, site } = around();
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
    const { configure, hook, receiver, site } = around();
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
