/** The old primary after a promotion: nobody goes back to it, whether it is demoted, or takes writes as if nothing had happened. */
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { body, type Daemon, lines, said, siteOf, startDaemon } from "../helpers/daemon.ts";
import type { Site } from "../helpers/hosts.ts";
import { until } from "../helpers/processes.ts";
import { type Pair, startPair } from "../helpers/replica.ts";

let pair: Pair;
let site: Site;
let daemon: Daemon;
beforeEach(async () => {
  pair = await startPair();
  site = siteOf(pair.config(), body("tick", "1s") + body("once", "manual"), { lease: 6 });
  daemon = startDaemon(site, "one");
  await until("it ticks", () => lines(site, "end tick").length >= 2);
});
afterEach(async () => {
  await site?.close();
  await pair?.stop();
});

const ticks = (n: number) => {
  const least = lines(site, "end tick").length + n;
  return until("it ticks", () => lines(site, "end tick").length >= least);
};
/** Where its writing stands; vacuum and checkpoints aside, nobody else writes there. */
const written = async (sql: pg.Client) =>
  (
    await sql.query(
      "SELECT count(*)::int AS runs, max(run_id::text) AS last, sum(heartbeats)::int AS beats FROM crontabber_run, (SELECT sum(heartbeats) AS heartbeats FROM crontabber) c",
    )
  ).rows;

describe("an old primary that comes back after a promotion, first in the list", () => {
  it("demoted, or taking writes as if nothing had happened: no pass and no daemon writes there", async () => {
    await pair.first.crash();
    await pair.promote();
    await ticks(1);
    const now = await pair.client("second");
    for (const as of ["standby", "primary"] as const) {
      await pair.comeBack(as);
      const old = await pair.client("first");
      expect((await old.query("SELECT pg_is_in_recovery() AS is")).rows).toEqual([{ is: as === "standby" }]);
      const before = await written(old);
      // Those that come anew, and one that has to connect again.
      expect((await site.run("two", ["run", "once", "--force"])).code).toBe(0);
      await now.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'crontabber one'");
      await ticks(2);
      expect(await written(old)).toEqual(before);
      await pair.first.crash();
    }
    expect((await daemon.end()).code).toBe(0);
    expect((await now.query("SELECT outcome FROM crontabber_run WHERE app_name = 'once'")).rows).toEqual([
      { outcome: "succeeded" },
      { outcome: "succeeded" },
    ]);
  });
});

describe("an old primary that never went away (nobody fenced it)", () => {
  it("is left by everybody who can see both: new passes at once, a daemon within seconds; until then both write", async () => {
    await pair.stopStreaming();
    await pair.promote();
    const [old, now] = [await pair.client("first"), await pair.client("second")];
    const runs = async (sql: pg.Client) =>
      (await sql.query("SELECT count(*)::int AS n FROM crontabber_run WHERE app_name = 'tick'")).rows[0].n;
    const replicated = await runs(now);
    await until("the daemon has not noticed yet", async () => (await runs(old)) > replicated);
    expect((await site.run("two", ["run", "once", "--force"])).code).toBe(0);
    expect((await now.query("SELECT outcome FROM crontabber_run WHERE app_name = 'once'")).rows).toEqual([{ outcome: "succeeded" }]);
    await until("the daemon has moved", async () => (await runs(now)) > replicated + 1);
    const before = await written(old);
    await ticks(2);
    expect((await daemon.end()).code).toBe(0);
    expect(await written(old)).toEqual(before);
    // This is the split brain: what it did meanwhile is in no history that counts.
    const ids = said(site, "start tick").map(({ runId }) => runId);
    const known = (await now.query("SELECT 1 FROM crontabber_run WHERE run_id = ANY($1::uuid[])", [ids])).rowCount ?? 0;
    expect(known).toBeLessThan(ids.length);
  });
});
