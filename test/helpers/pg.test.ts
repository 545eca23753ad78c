import { afterAll, expect, it } from "vitest";
import { freshDatabase } from "./pg.ts";

const database = await freshDatabase();
afterAll(() => database.drop());

it("gives each file its own database with hostile session settings", async () => {
  const client = await database.client();
  const { rows } = await client.query(
    "select current_database() as name, current_setting('timezone') as zone, current_setting('datestyle') as style",
  );
  expect(rows).toEqual([{ name: database.name, zone: "America/Los_Angeles", style: "SQL, DMY" }]);
});

it("drops it under open connections", async () => {
  const other = await freshDatabase();
  await other.client();
  await other.drop();
  const client = await database.client();
  const { rowCount } = await client.query("select from pg_database where datname = $1", [other.name]);
  expect(rowCount).toBe(0);
});
