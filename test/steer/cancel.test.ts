/** Ending a run from another host: its owner learns it by renewal, by a notice, or not at all because it is dead. */
import { describe, expect, it } from "vitest";
import { alive, until } from "../helpers/processes.ts";
import { makeSteered } from "./site.ts";

const { database, sql, site, run, row, events } = await makeSteered();

const runs = async () => (await sql.query("SELECT slot, outcome, error FROM crontabber_run WHERE app_name = 'slow' ORDER BY id")).rows;

/** Starts what will run the job `slow` for a minute; resolves when it is at work. */
async function started(...args: string[]) {
  site.write("long", "");
  const owner = site.start("web-2", args);
  await until("slow is at work", () => site.lines("slow").length > 0);
  return { owner, pid: Number(site.lines("slow")[0]) };
}

async function closed(slot: Date): Promise<void> {
  const next = new Date(slot.getTime() + 3_600_000);
  expect(await row("slow")).toMatchObject({
    run_id: null,
    slot: next,
    next_run: next,
    error_count: 0,
    cancel_run: null,
    cancel_note: null,
  });
}

describe("cancel", () => {
  it("ends the run of a pass on another host: no retry, and it says by whom and why", async () => {
    const { owner, pid } = await started("run", "slow", "--verbose");
    expect(await run("mark-success", "slow")).toMatchObject({ code: 3, stdout: "", stderr: expect.stringContaining("slow is running") });
    expect(await run("pause", "slow")).toMatchObject({ code: 0, stdout: expect.stringContaining("what runs on web-2 goes on") });
    await run("resume", "slow");
    expect(alive(pid)).toBe(true);
    expect(await run("cancel", "slow", "--note", "wrong file")).toMatchObject({
      ...{ code: 0, stderr: "", stdout: "slow is being cancelled: web-2 ends it at its next renewal\n" },
    });
    const { code, stderr } = await owner.ended;
    expect(code).toBe(1);
    expect(stderr.match(/is being ended: cancelled by kim@web-1: wrong file/g), "told once").toHaveLength(1);
    expect(alive(pid)).toBe(false);
    const [only] = await runs();
    const error = { type: "Cancelled", value: "cancelled by kim@web-1: wrong file" };
    expect(only).toMatchObject({ outcome: "cancelled", error });
    expect((await row("slow")).last_error).toMatchObject(error);
    expect(await run("run", "slow")).toMatchObject({ code: 4, stderr: expect.stringContaining("not-yet") });
    expect(await run("cancel", "slow")).toMatchObject({ code: 0, stdout: "slow is not running\n" });
    expect(await events()).toContainEqual({ what: "cancel", app_name: "slow", who: "kim@web-1", note: "wrong file" });
  });

  it("reaches a daemon at once, long before its next renewal", async () => {
    const { owner, pid } = await started("daemon", "--crontabber.lease=3600", `--crontabber.database_url=${database.session("listen")}`);
    await run("cancel", "slow");
    await until("it is cancelled", async () => (await runs())[0]?.outcome === "cancelled");
    expect(alive(pid)).toBe(false);
    await closed((await runs())[0]?.slot);
    owner.kill("SIGTERM");
    expect(await owner.ended).toMatchObject({ code: 0 });
  });

  it("of a dead owner's run closes the slot instead of retrying it", async () => {
    const { owner } = await started("run", "slow");
    owner.kill("SIGKILL");
    await owner.ended;
    await run("cancel", "slow", "--note", "its host is gone");
    await until("somebody takes over", async () => {
      await run();
      return (await runs())[0]?.outcome !== null;
    });
    const all = await runs();
    expect(all).toMatchObject([
      { outcome: "cancelled", error: { value: expect.stringMatching(/^cancelled by kim@web-1: its host is gone; the lease of web-2/) } },
    ]);
    await closed(all[0]?.slot);
  });

  it("of the Python tool's run is refused", async () => {
    await sql.query("INSERT INTO crontabber (app_name, ongoing) VALUES ('slow', now())");
    expect(await run("cancel", "slow")).toMatchObject({ code: 3, stdout: "", stderr: expect.stringContaining("Python tool") });
  });
});
