/** `man`: the manual page. */
import { createRequire } from "node:module";
import { answer } from "../io.ts";
import { manual } from "../manual.ts";

export async function handle(): Promise<number> {
  const { version } = createRequire(import.meta.url)("../../../package.json") as { version: string };
  answer(manual(version));
  return 0;
}
