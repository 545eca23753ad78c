/** What campaigns have found, one by one, without their chance. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parentsAt } from "#lib/store/claim.js";
import { statements } from "#lib/store/sql.js";
import { type TestStore, testStore } from "../helpers/store.ts";

let bench: TestStore;
beforeAll(async () => {
  bench = await testStore();
});
afterAll(() => bench?.close());

it.each(["cancelled", "lost"])(
  "a slot of a parent that was closed as %s makes a backfill child wait for the parent's next success, not for ever",
  async (outcome) => {
    const client = await bench.database.client();
    const db = {
      query: async (text: string, values: readonly unknown[] = []) => {
        const { rows, rowCount } = await client.query(text, [...values]);
        return { rows, rowCount: rowCount ?? 0 };
      },
    };
    const parent = `parent-${outcome}`;
    const ran = (hour: string, how: string) =>
      client.query(
        "INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, ended_at, outcome) VALUES ($1, $2, $3, 1, 'schedule', now(), $4)",
        [randomUUID(), parent, `2026-01-05T${hour}:00:00Z`, how],
      );
    const at = () => parentsAt(db, statements("public"), [parent], new Date("2026-01-05T10:00:00Z"));
    await ran("10", outcome);
    expect((await at()).get(parent)).toEqual({ outcome, covered: false });
    await ran("11", "failed");
    expect((await at()).get(parent)).toEqual({ outcome, covered: false });
    await ran("12", "succeeded");
    expect((await at()).get(parent)).toEqual({ outcome, covered: true });
  },
);
