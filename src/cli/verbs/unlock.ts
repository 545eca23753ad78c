/** `unlock NAME`: releases a held job. */
import type { Call } from "../call.ts";
import { answer } from "../io.ts";
import { steer } from "../steering.ts";

export async function handle(call: Call): Promise<number> {
  const told = await steer(call, async ({ store, name, by }) => {
    return (await store.steering.unlock(name, by)) ? `${name} is released` : `${name} is not held`;
  });
  answer(told);
  return 0;
}
