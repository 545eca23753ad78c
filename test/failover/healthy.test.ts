/** A fail-over that is shorter than the leases allow: nobody who is healthy is harmed. */
import { afterEach, describe, expect, it } from "vitest";
import { body, DOWN, lines, siteOf, startDaemon, UP } from "../helpers/daemon.ts";
import type { Site } from "../helpers/hosts.ts";
import { until } from "../helpers/processes.ts";
import { type Pair, startPair } from "../helpers/replica.ts";

let pair: Pair;
let site: Site;
afterEach(async () => {
  await site?.close();
  await pair?.stop();
});

const LONG = ["long-a", "long-b", "long-c", "long-d"];

describe("a fail-over of two to three seconds, with leases of twelve", () => {
  it("harms no running job, delivers what ended meanwhile, and everybody is on time right after", async () => {
    pair = await startPair({ synchronous: "on" });
    const jobs = [
      body("tick", "1s"),
      body("meanwhile", "1d", "while [ ! -e gone ]; do sleep 0.05; done; sleep 2"),
      ...LONG.map((name) => body(name, "1d", "while [ ! -e go ]; do sleep 0.05; done")),
    ];
    site = siteOf(pair.config(), jobs.join(""));
    const daemons = [startDaemon(site, "one"), startDaemon(site, "two")];
    await until("all run", () => [...LONG, "meanwhile", "tick"].every((name) => lines(site, `start ${name}`).length > 0));
    await pair.first.crash();
    site.write("gone", "");
    for (const daemon of daemons) await daemon.said(DOWN);
    await until("one has ended meanwhile", () => lines(site, "end meanwhile").length === 1);
    await pair.promote();
    const ticks = lines(site, "end tick").length;
    for (const daemon of daemons) await daemon.said(UP);
    await until("it ticks again", () => lines(site, "end tick").length > ticks);
    const sql = await pair.client("second");
    // Had renewals not found the new primary, trust in these would be over: what they are told to do next, they do.
    const renewed = "SELECT count(*)::int AS n FROM crontabber WHERE app_name LIKE 'long-%' AND lease_until > now() + interval '9 seconds'";
    await until("all leases were renewed there", async () => (await sql.query(renewed)).rows[0].n === LONG.length);
    site.write("go", "");
    const ended =
      "SELECT app_name, attempt, outcome FROM crontabber_run WHERE app_name <> 'tick' AND outcome IS NOT NULL ORDER BY app_name";
    await until("all have ended", async () => (await sql.query(ended)).rowCount === LONG.length + 1);
    expect((await Promise.all(daemons.map((one) => one.end()))).map(({ code }) => code)).toEqual([0, 0]);
    expect((await sql.query(ended)).rows).toEqual(
      [...LONG, "meanwhile"].map((app_name) => ({ app_name, attempt: 1, outcome: "succeeded" })),
    );
    expect((await sql.query("SELECT count(*)::int AS n FROM crontabber_run WHERE outcome IS DISTINCT FROM 'succeeded'")).rows).toEqual([
      { n: 0 },
    ]);
    for (const daemon of daemons) expect([daemon.told(DOWN), daemon.told(UP)]).toEqual([1, 1]);
  });
});
