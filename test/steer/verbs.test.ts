/** The verbs that steer, as people call them, and what passes make of it. */
import { describe, expect, it } from "vitest";
import { until } from "../helpers/processes.ts";
import { makeSteered } from "./site.ts";

const { sql, site, run, row, events, owes } = await makeSteered();

const skipped = async (name: string) =>
  (await sql.query("SELECT missed, error->>'value' AS why FROM crontabber_run WHERE app_name = $1 AND outcome = 'skipped'", [name])).rows;
const over = (name: string) => async () =>
  (await sql.query("SELECT paused_until < clock_timestamp() AS over FROM crontabber WHERE app_name = $1", [name])).rows[0].over as boolean;
const json = async (...args: string[]) => JSON.parse((await run(...args, "--json")).stdout);

describe("pause and resume", () => {
  it("work on a job no pass has seen; nothing starts, and everybody says until when, by whom and why", async () => {
    expect(await run("pause", "plain", "--for", "2h", "--note", "SMTP move")).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^plain is paused until \d{4}-\d\d-\d\dT[\d:.]+Z\n$/),
    });
    const paused = await row("plain");
    const at = (paused.paused_until as Date).toISOString();
    expect(await run()).toMatchObject({ code: 0 });
    expect(site.lines("plain")).toEqual([]);
    const reason = `paused by kim@web-1 since ${(paused.paused_at as Date).toISOString()} until ${at}: SMTP move`;
    expect(await run("run", "plain")).toMatchObject({ code: 4, stderr: expect.stringContaining(`plain does not run: paused, ${reason}`) });
    expect((await json("list")).jobs[0]).toMatchObject({
      ...{ name: "plain", state: "paused", paused_by: "kim@web-1", paused_until: at, pause_note: "SMTP move" },
      state_text: expect.stringMatching(/^paused by kim@web-1, over in (2h|1h 59m|1h): "SMTP move"$/),
    });
    expect(await json("explain", "plain")).toMatchObject({
      verdict: { why: "paused", detail: reason },
      forecast: [{ at, text: "the pause is over; older slots are not made up" }],
    });
    expect(await run("run", "plain", "--force")).toMatchObject({ code: 0 });
  });

  it("twice is no error: the new end and note hold", async () => {
    await run("pause", "plain", "--note", "one");
    const again = await run("pause", "plain", "--note", "two");
    expect(again).toMatchObject({ code: 0, stdout: "plain is paused as before, now until crontabber resume\n" });
    expect(await row("plain")).toMatchObject({ pause_note: "two", paused_until: null });
    expect(await run("resume", "plain")).toMatchObject({ code: 0, stdout: "plain is resumed\n" });
    expect(await run("resume", "plain")).toMatchObject({ code: 0, stdout: "plain is not paused\n" });
  });

  it("--for ends by itself: a plain job owes nothing older, a backfill job makes up its dates", async () => {
    await run();
    for (const name of ["plain", "dates"]) {
      await owes(name, 3);
      await run("pause", name, "--for", "1s");
    }
    const [plain, dates] = [site.lines("plain").length, site.lines("dates").length];
    await until("both pauses are over", async () => (await over("plain")()) && (await over("dates")()));
    expect(await run()).toMatchObject({ code: 0 });
    expect(site.lines("plain")).toHaveLength(plain);
    expect(site.lines("dates")).toHaveLength(dates + 4);
    expect(await skipped("plain")).toEqual([{ missed: 3, why: "paused" }]);
    expect(await skipped("dates")).toEqual([]);
    expect(await row("plain")).toMatchObject({ paused_at: null, paused_by: null, paused_until: null, pause_note: null });
    expect(((await row("plain")).next_run as Date) > new Date(Date.now())).toBe(true);
  });

  it("resume settles at once what is owed; with --skip a backfill job drops its dates, too", async () => {
    await run();
    for (const name of ["plain", "dates"]) {
      await owes(name, 3);
      await run("pause", name);
    }
    const before = site.lines("dates").length;
    await run("resume", "plain");
    await run("resume", "dates", "--skip", "--note", "not needed");
    expect(await skipped("plain")).toEqual([{ missed: 3, why: "paused" }]);
    expect(await skipped("dates")).toEqual([{ missed: 3, why: "paused" }]);
    expect(await row("dates")).toMatchObject({ resumed_at: null, resume_skip: false });
    await run();
    expect(site.lines("dates")).toHaveLength(before);
  });

  it("what was asked of a resume survives the next pause, and a pause survives a reset", async () => {
    await run();
    await owes("dates", 3);
    await sql.query(
      "SELECT crontabber_pause('dates'), crontabber_resume('dates', skip => true), crontabber_pause('dates', why => 'again')",
    );
    expect(await run()).toMatchObject({ code: 0 });
    expect(await skipped("dates")).toEqual([{ missed: 3, why: "paused" }]);
    const paused = await row("dates");
    expect(paused).toMatchObject({ pause_note: "again", resumed_at: null });
    await run("pause", "dates", "--for", "1h", "--note", "kept");
    const until = (await row("dates")).paused_until;
    expect(await run("reset", "dates", "--note", "afresh")).toMatchObject({ code: 0, stdout: "App reset\n" });
    expect(await row("dates")).toMatchObject({ pause_note: "kept", paused_by: "kim@web-1", paused_until: until, schedule: null });
  });
});

describe("mark-success", () => {
  it("closes the open slot, clears errors, and lets children run", async () => {
    await run();
    expect(site.lines("child")).toEqual([]);
    const { slot } = await row("bad");
    expect(await run("mark-success", "bad", "--note", "done by hand")).toMatchObject({ code: 0, stdout: "bad counts as succeeded\n" });
    const after = await row("bad");
    expect(after).toMatchObject({ error_count: 0, last_error: {}, last_success: slot, marked_at: null, attempt: 0 });
    expect(after.slot).toEqual(new Date((slot as Date).getTime() + 3_600_000));
    expect(after.next_run).toEqual(after.slot);
    const { rows } = await sql.query(
      "SELECT slot, trigger, outcome, result FROM crontabber_run WHERE app_name = 'bad' ORDER BY id DESC LIMIT 1",
    );
    expect(rows).toEqual([{ slot, trigger: "manual", outcome: "succeeded", result: { marked_by: "kim@web-1", note: "done by hand" } }]);
    const log = await sql.query("SELECT success, exc_type FROM crontabber_log WHERE app_name = 'bad' ORDER BY id DESC LIMIT 1");
    expect(log.rows).toEqual([{ success: slot, exc_type: null }]);
    await run();
    expect(site.lines("child")).toEqual(["child"]);
  });

  it("releases a held job; of a backfill it closes one date each time; a plain job's covers what came due since", async () => {
    await run();
    await run("mark-success", "once");
    expect(await row("once")).toMatchObject({ held_at: null, held_reason: null, error_count: 0 });
    await owes("dates", 3);
    const { slot } = await row("dates");
    for (const hours of [1, 2]) {
      await run("mark-success", "dates");
      expect((await row("dates")).slot).toEqual(new Date((slot as Date).getTime() + hours * 3_600_000));
    }
    await owes("plain", 3);
    await run("mark-success", "plain");
    expect(await skipped("plain")).toEqual([{ missed: 2, why: "marked" }]);
    expect(((await row("plain")).slot as Date).getTime()).toBeGreaterThan(Date.now());
  });

  it("from SQL is closed by the next pass, and marked twice is marked once", async () => {
    await run();
    await owes("plain", 0);
    const ran = site.lines("plain").length;
    await sql.query("SELECT crontabber_mark_success('plain'), crontabber_mark_success('plain')");
    await run();
    expect(site.lines("plain")).toHaveLength(ran);
    expect(await row("plain")).toMatchObject({ marked_at: null });
    expect(await events()).toEqual([{ what: "mark-success", app_name: "plain", who: "postgres", note: null }]);
  });
});

describe("by name", () => {
  it("a typo is 64 with a suggestion, a name with nothing but a history too; a ghost can be steered", async () => {
    for (const verb of ["pause", "resume", "cancel", "unlock", "mark-success"]) {
      expect(await run(verb, "plainn")).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining('did you mean "plain"?') });
    }
    await sql.query("INSERT INTO crontabber (app_name, held_at) VALUES ('ghost', now())");
    expect(await run("unlock", "ghost")).toMatchObject({ code: 0, stdout: "ghost is released\n" });
    expect(await run("pause", "ghost")).toMatchObject({ code: 0 });
    await run("reset", "ghost");
    await sql.query(
      "DELETE FROM crontabber; INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, ended_at, outcome) VALUES (gen_random_uuid(), 'ghost', now(), 1, 'manual', now(), 'failed')",
    );
    expect(await run("pause", "ghost")).toMatchObject({ code: 64, stderr: expect.stringContaining("only a history") });
  });

  it("--for takes a time with its unit, and each option belongs to its verbs", async () => {
    for (const time of ["2", "0s", "soon", "1h30m", "99999d"])
      expect(await run("pause", "plain", `--for=${time}`)).toMatchObject({ code: 64 });
    expect(await run("resume", "plain", "--for=2h")).toMatchObject({ code: 64, stderr: expect.stringContaining("an option of pause") });
    expect(await run("pause", "plain", "--skip")).toMatchObject({ code: 64 });
    expect(await run("run", "--note=x")).toMatchObject({ code: 64, stderr: expect.stringContaining("--note needs the name of a job") });
  });

  it("every act leaves who, when and why; show has the last ones", async () => {
    await run();
    await run("unlock", "once", "--note", "mended");
    await site.run("web-2", ["run", "once", "--force", "--note", "once more"], { USER: "root", SUDO_USER: "lee" });
    await site.run("web-2", ["reset", "once", "--note", "afresh"], { USER: "lee" });
    await run("run", "plain");
    expect(await events()).toEqual([
      { what: "unlock", app_name: "once", who: "kim@web-1", note: "mended" },
      { what: "run", app_name: "once", who: "lee@web-2", note: "once more" },
      { what: "reset", app_name: "once", who: "lee@web-2", note: "afresh" },
    ]);
    expect((await run("show", "once")).stdout).toMatch(/STEERED \(UTC\) +WHAT +BY +WHY\n\S+ \S+ +reset +lee@web-2 +afresh\n/);
    const { acts } = await json("show", "once");
    expect(acts).toMatchObject([
      { what: "reset", who: "lee@web-2", note: "afresh" },
      { what: "run", who: "lee@web-2" },
      { what: "unlock", who: "kim@web-1" },
    ]);
  });
});
