/** Where the page listens, if the command line says so: stands for the configured option, and is judged as that is. */
import type { Invocation } from "../app.ts";
import type { Call } from "./call.ts";

export function atAddress({ invocation, given }: Pick<Call, "invocation" | "given">): Invocation {
  if (given.http === null) return invocation;
  return { ...invocation, overrides: [...invocation.overrides, { key: "crontabber.http", value: given.http }] };
}
