/** A store over a migrated database of its own, with a clock that tests set. */
import type { Connection } from "#lib/core/database.js";
import { Store } from "#lib/store/store.js";
import { freshDatabase, type TestDatabase } from "./pg.ts";

export interface TestStore {
  readonly database: TestDatabase;
  readonly clock: { now: Date | null };
  /** Another host on the same database. */
  host(name: string, over?: Partial<ConstructorParameters<typeof Store>[0]>): Store;
  close(): Promise<void>;
}

export function connectionOf(url: string): Connection {
  const u = new URL(url);
  const decode = decodeURIComponent;
  return {
    servers: [{ host: u.searchParams.get("host") ?? decode(u.hostname), port: Number(u.port || 5432) }],
    user: decode(u.username),
    database: decode(u.pathname.slice(1)),
    password: u.password ? decode(u.password) : null,
    sslmode: null,
  };
}

export async function testStore(): Promise<TestStore> {
  const database = await freshDatabase();
  const clock: { now: Date | null } = { now: null };
  const stores: Store[] = [];
  const host: TestStore["host"] = (name, over = {}) => {
    const store = new Store({
      ...{
        connection: connectionOf(database.url),
        schema: "public",
        autoMigrate: true,
        max: 5,
        host: name,
        tags: [],
        maxOngoingAge: 43_200,
      },
      ...{ pinned: () => clock.now },
      ...over,
    });
    stores.push(store);
    return store;
  };
  await host("migrator").migrate();
  return {
    database,
    clock,
    host,
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
      await database.drop();
    },
  };
}
