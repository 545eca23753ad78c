/** `version`. */
import { createRequire } from "node:module";
import { answer } from "../io.ts";

export async function handle(): Promise<number> {
  const { version } = createRequire(import.meta.url)("../../../package.json") as { version: string };
  answer(version);
  return 0;
}
