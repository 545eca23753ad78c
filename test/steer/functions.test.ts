/** The SQL functions, as psql, another language or a trigger calls them. */
import { describe, expect, it } from "vitest";
import { makeSteered } from "./site.ts";

const { database, sql, run, row, events } = await makeSteered();

const call = async (text: string) => (await sql.query(`SELECT ${text} AS done`)).rows[0].done as unknown;

describe("in SQL", () => {
  it("pause and resume answer whether they changed anything, and say who by default", async () => {
    await sql.query("INSERT INTO crontabber (app_name) VALUES ('ghost')");
    expect(await call("crontabber_pause('ghost', interval '2 hours', 'why not')")).toBe(true);
    const paused = await row("ghost");
    expect(paused).toMatchObject({ paused_by: "postgres", pause_note: "why not" });
    expect((paused.paused_until as Date).getTime() - (paused.paused_at as Date).getTime()).toBe(7_200_000);
    expect(await call("crontabber_pause(name => 'ghost', by_whom => 'kim')")).toBe(false);
    expect(await row("ghost")).toMatchObject({ paused_at: paused.paused_at, paused_by: "kim", paused_until: null, pause_note: null });
    expect(await call("crontabber_resume('ghost')")).toBe(true);
    expect(await call("crontabber_resume('ghost')")).toBe(false);
    expect(await events()).toEqual([
      { what: "pause", app_name: "ghost", who: "postgres", note: "why not" },
      { what: "pause", app_name: "ghost", who: "kim", note: null },
      { what: "resume", app_name: "ghost", who: "postgres", note: null },
    ]);
  });

  it("a pause whose time is over counts as none, and has ended then", async () => {
    await sql.query("INSERT INTO crontabber (app_name) VALUES ('ghost')");
    await call("crontabber_pause('ghost', interval '1 hour')");
    await sql.query("UPDATE crontabber SET paused_at = paused_at - interval '5 hours', paused_until = paused_until - interval '5 hours'");
    const { paused_until } = await row("ghost");
    expect(await call("crontabber_resume('ghost')")).toBe(false);
    expect(await row("ghost")).toMatchObject({ paused_at: null, resumed_at: paused_until });
    await call("crontabber_pause('ghost', interval '1 hour')");
    await sql.query("UPDATE crontabber SET paused_until = clock_timestamp() - interval '1 minute'");
    expect(await call("crontabber_pause('ghost')")).toBe(true);
    expect(await row("ghost"), "what the resume left to settle stays").toMatchObject({ resumed_at: paused_until, paused_until: null });
  });

  it("what cannot be is refused by SQLSTATE: no such job, a pause of nothing", async () => {
    await sql.query("INSERT INTO crontabber (app_name) VALUES ('ghost')");
    for (const text of ["pause('no')", "resume('no')", "cancel('no')", "unlock('no')", "mark_success('no')"]) {
      await expect(call(`crontabber_${text}`)).rejects.toMatchObject({ code: "P0002", message: 'there is no job named "no"' });
    }
    await expect(call("crontabber_pause('ghost', interval '0')")).rejects.toMatchObject({ code: "22023" });
    expect(await events()).toEqual([]);
  });

  it("cancel with nothing running, unlock of what is not held and a claim of the Python tool change nothing", async () => {
    await sql.query("INSERT INTO crontabber (app_name, ongoing) VALUES ('ghost', NULL), ('python', now())");
    expect(await call("crontabber_cancel('ghost')")).toBeNull();
    expect(await call("crontabber_cancel('python')")).toBeNull();
    expect(await call("crontabber_unlock('ghost')")).toBe(false);
    expect(await call("crontabber_mark_success('python')")).toBe(false);
    expect(await row("ghost")).toMatchObject({ cancel_run: null, cancel_note: null });
    expect(await events()).toEqual([]);
  });

  it("listeners hear of it when it commits", async () => {
    await run();
    const listener = await database.client();
    await listener.query("LISTEN crontabber");
    const heard: unknown[] = [];
    const first = new Promise<void>((resolve) =>
      listener.on("notification", ({ payload }) => {
        heard.push(JSON.parse(payload ?? ""));
        resolve();
      }),
    );
    await sql.query("BEGIN");
    await call("crontabber_unlock('once')");
    await sql.query("ROLLBACK");
    await call("crontabber_pause('plain')");
    await first;
    expect(heard).toEqual([{ job: "plain", what: "pause" }]);
    expect((await row("once")).held_at).not.toBeNull();
  });

  it("a trigger steers; a caller's temporary table and search_path do not mislead it", async () => {
    await run();
    await sql.query(`CREATE TABLE upload (state text);
      CREATE FUNCTION on_upload() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM public.crontabber_pause('plain', why => 'upload is ' || NEW.state); RETURN NEW; END $$;
      CREATE TRIGGER steer AFTER INSERT ON upload FOR EACH ROW EXECUTE FUNCTION on_upload();
      CREATE TEMPORARY TABLE crontabber (app_name text, paused_at timestamptz);
      SET search_path = pg_temp, public`);
    try {
      await sql.query("INSERT INTO upload VALUES ('late')");
    } finally {
      await sql.query("DROP TABLE pg_temp.crontabber; RESET search_path; DROP TABLE upload; DROP FUNCTION on_upload()");
    }
    expect(await row("plain")).toMatchObject({ pause_note: "upload is late" });
    expect(await run("run", "plain")).toMatchObject({ code: 4, stderr: expect.stringContaining("upload is late") });
  });
});
