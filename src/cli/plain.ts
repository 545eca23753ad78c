/** Recognises what cron calls every minute: one pass over everything, and nothing else said. That way must load no library. */
import type { PassCall } from "./pass.ts";
import type { Words } from "./words.ts";

const KNOWN = new Set(["config", "verbose", "quiet", "color", "no-color", "ascii"]);

/** Null: there is more to it, and the whole parser is needed. */
export function plainOf({ words, options, overrides }: Words): PassCall | null {
  const onlyRun = words.length === 0 || (words.length === 1 && words[0] === "run");
  const has = (name: string) => options.has(name);
  if (!onlyRun || [...options.keys()].some((name) => !KNOWN.has(name))) return null;
  if ((has("verbose") && has("quiet")) || (has("color") && has("no-color"))) return null;
  const conf = options.get("config");
  return {
    invocation: { conf: typeof conf === "string" ? conf : null, overrides, env: process.env, cwd: process.cwd() },
    given: {
      verbose: has("verbose"),
      quiet: has("quiet"),
      ascii: has("ascii"),
      json: false,
      progress: "auto",
      colour: has("color") ? true : has("no-color") ? false : null,
    },
    named: null,
  };
}
