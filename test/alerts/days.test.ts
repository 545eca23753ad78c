/** Days of faults: every one is told once and in time, its end too, and nothing else is. */
import { afterAll, expect, it } from "vitest";
import { testStore } from "../helpers/store.ts";
import { Days } from "./days/fleet.ts";
import { type Expected, expected, HOUR, plan, STEP, WINDOW } from "./days/plan.ts";

const fake = await testStore();
afterAll(() => fake.close());

const START = Date.UTC(2030, 0, 7);
const clock = (ms: number) => new Date(ms).toISOString().slice(5, 16).replace("T", " ");

it.each((process.env.ALERT_SEEDS ?? "1").split(",").map(Number))(
  "simulated days of seed %d",
  async (seed) => {
    const clients = { sql: await fake.database.client(), locker: await fake.database.client() };
    const tables = "crontabber, crontabber_run, crontabber_log, crontabber_alert, crontabber_host, crontabber_event";
    await clients.sql.query(`TRUNCATE ${tables}`);
    const faults = plan(seed, START + 4 * HOUR);
    const days = new Days(fake, clients);
    const end = START + 4 * HOUR + faults.length * WINDOW;
    for (let now = START; now <= end; now += STEP) await days.step(now, faults.find(({ from, to }) => from <= now && now < to) ?? null);
    await days.close();

    const due = faults.flatMap(expected);
    const nothing: string[] = [];
    for (const { at, alert } of days.heard) {
      const what = `${alert.subject.kind}:${alert.subject.name} ${alert.condition}`;
      const fits = due.findIndex((one) => one.what === what && one.from <= at && at <= one.by);
      if (fits < 0) nothing.push(`${clock(at)} ${what}: ${alert.text}`);
      else due.splice(fits, 1);
    }
    const untold = due.map(({ what, from, by, of }: Expected) => `${of}: ${what} from ${clock(from)} to ${clock(by)}`);
    const shown = faults.map(({ kind, job, from, to }) => `${kind} (${job}) ${clock(from)} to ${clock(to)}`);
    expect({ nothing, untold, shown }).toEqual({ nothing: [], untold: [], shown });
    expect(new Set(days.heard.map(({ alert }) => alert.id)).size).toBe(days.heard.length);
  },
  300_000,
);
