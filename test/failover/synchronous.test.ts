/** A synchronous replica: what was acknowledged survives the promotion, so nothing is lost, nothing overlaps, and nothing is run twice. */
import { afterEach, describe, expect, it } from "vitest";
import { body, type Daemon, DOWN, lines, said, siteOf, startDaemon, UP } from "../helpers/daemon.ts";
import type { Site } from "../helpers/hosts.ts";
import { until } from "../helpers/processes.ts";
import { type Pair, startPair } from "../helpers/replica.ts";

let pair: Pair;
let site: Site;
afterEach(async () => {
  await site?.close();
  await pair?.stop();
});

/** Run ids of the ends that the daemon was told are recorded. */
const acknowledged = (daemon: Daemon): string[] =>
  daemon
    .log()
    .split("\n")
    .filter((line) => line.includes('"outcome":"succeeded"'))
    .map((line) => (JSON.parse(line) as { runId: string }).runId);

describe("a synchronous replica that is promoted", () => {
  it("has every record that was acknowledged, and each slot was run once", async () => {
    pair = await startPair({ synchronous: "remote_apply" });
    const names = ["a", "b", "c", "d", "e", "f"];
    site = siteOf(pair.config(), names.map((name) => body(name, "1s")).join(""), { lease: 6 });
    const daemons = [startDaemon(site, "one"), startDaemon(site, "two"), startDaemon(site, "three")];
    await until("they are at work", () => lines(site, "end").length >= 10);
    await pair.first.crash();
    await pair.promote();
    const before = lines(site, "end").length;
    await until(
      "they are at work again",
      () => names.every((name) => lines(site, `end ${name}`).length >= 4) && lines(site, "end").length > before + 12,
    );
    for (const daemon of daemons) expect((await daemon.end()).code).toBe(0);
    const sql = await pair.client("second");
    const { rows } = await sql.query("SELECT run_id, attempt, outcome FROM crontabber_run");
    const succeeded = new Set(rows.filter(({ outcome }) => outcome === "succeeded").map(({ run_id }) => run_id));
    expect(daemons.flatMap(acknowledged).filter((id) => !succeeded.has(id))).toEqual([]);
    // A claim in flight when the server died was never acknowledged, so it was not started; it is the one thing that may be lost.
    expect(rows.filter(({ outcome }) => outcome !== "succeeded" && outcome !== "lost")).toEqual([]);
    const slots = said(site, "start").map(({ job, slot }) => `${job} ${slot}`);
    expect(new Set(slots).size).toBe(slots.length);
    expect(said(site, "start").filter(({ runId }) => !succeeded.has(runId))).toEqual([]);
  });
});

describe("a synchronous replica that does not answer", () => {
  it("stops every start, for nothing is acknowledged; not even a COMMIT that somebody tells to wait no longer is trusted", async () => {
    pair = await startPair({ synchronous: "on" });
    site = siteOf(pair.config(), body("tick", "1s"), { lease: 3 });
    const daemon = startDaemon(site, "one");
    await until("it ticks", () => lines(site, "end tick").length >= 2);
    const goOn = await pair.stopStreaming();
    const sql = await pair.client("first");
    const waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    await until("a claim waits", async () => (await sql.query(`SELECT 1 ${waiting} AND query = 'COMMIT'`)).rowCount === 1);
    const started = lines(site, "start tick").length;
    await sql.query(`SELECT pg_cancel_backend(pid) ${waiting}`);
    await daemon.said("the answer to the claim's COMMIT was lost");
    expect(lines(site, "start tick")).toHaveLength(started);
    // It has happened here, and nobody owns up to it: without the rule it would be running now.
    expect((await sql.query("SELECT count(*)::int AS n FROM crontabber WHERE run_id IS NOT NULL")).rows).toEqual([{ n: 1 }]);
    goOn();
    await until("it ticks again", () => lines(site, "end tick").length >= started + 2);
    expect((await daemon.end()).code).toBe(0);
    expect(daemon.told(UP)).toBe(daemon.told(DOWN));
    expect(new Set(said(site, "start tick").map(({ slot }) => slot)).size).toBe(lines(site, "start tick").length);
  });
});
