/** `migrate`: applies what is missing. */
import type { Call } from "../call.ts";
import { answer } from "../io.ts";
import { configured, withStore } from "../reading.ts";

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const applied = await withStore(setup, (store) => store.migrate());
  answer(applied.length > 0 ? applied.map((name) => `applied ${name}`).join("\n") : "the tables are up to date");
  return 0;
}
