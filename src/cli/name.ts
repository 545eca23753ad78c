/** Which job a NAME means: its own name, or `module.path.Export` as the configuration has it. Guesses nothing, suggests. */
import type { Setup } from "../app.ts";
import { didYouMean } from "../config/suggest.ts";
import { ConfigError, UsageError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { quoted } from "../core/text.ts";
import type { Store } from "../store/store.ts";

/** Throws UsageError, or ConfigError where a module that cannot be imported may define it. */
export function jobNamed({ registry, broken }: Pick<Setup, "registry" | "broken">, name: string): Job {
  const job = find(registry, name);
  if (job) return job;
  if (broken.length > 0) throw hidden(broken, name);
  throw unknown(
    name,
    registry.jobs.flatMap((known) => namesOf(known)),
  );
}

/** As `jobNamed`, for what works on rows without a job, too: the name of a row, or of runs in the ledger. */
export async function rowNamed({ registry, broken }: Setup, store: Store, name: string): Promise<string> {
  const job = find(registry, name);
  if (job) return job.name;
  const { states } = await store.snapshot();
  if (states.has(name)) return name;
  if ((await store.history(name, 1)).length > 0) return name;
  if (broken.length > 0) throw hidden(broken, name);
  throw unknown(name, [...registry.jobs.flatMap((known) => namesOf(known)), ...states.keys()]);
}

function find({ byName, jobs }: Setup["registry"], name: string): Job | undefined {
  return byName.get(name) ?? jobs.find((job) => job.module !== null && job.label === name);
}

const namesOf = ({ name, label, module }: Job): string[] => (module ? [name, label] : [name]);

function unknown(name: string, candidates: readonly string[]): UsageError {
  const otherwise = candidates.length > 0 ? "crontabber list shows them all" : "none is configured";
  return new UsageError(`there is no job ${quoted(name)}: ${didYouMean(name, candidates, otherwise)}`);
}

function hidden(broken: Setup["broken"], name: string): ConfigError {
  const [first] = broken;
  const message = `there is no job ${quoted(name)}, or a module that cannot be imported defines it`;
  return new ConfigError([...broken, { file: first?.file ?? "configuration", line: null, message }]);
}
