/** `unlock NAME`: releases a held job. */
import type { Call } from "../call.ts";
import { answer } from "../io.ts";
import { rowNamed } from "../name.ts";
import { configured, withStore } from "../reading.ts";

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const told = await withStore(setup, async (store) => {
    const name = await rowNamed(setup, store, call.operands[0] ?? "");
    return (await store.unlock(name)) ? `${name} is released` : `${name} is not held`;
  });
  answer(told);
  return 0;
}
