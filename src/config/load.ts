/** Configuration and registry in one go: what every command that touches jobs begins with. */
import type { Problem } from "../core/errors.ts";
import type { Registry } from "../core/job.ts";
import type { FileStamp, Learn } from "../core/learned.ts";
import { type Config, type ConfigInput, loadConfig, refuse } from "./config.ts";
import { buildRegistry, type Mode, memoryPath } from "./registry.ts";

export interface Loaded {
  readonly config: Config;
  readonly registry: Registry;
  readonly warnings: readonly Problem[];
  /** Modules that cannot be imported: tell, run the rest, end with 78. */
  readonly broken: readonly Problem[];
  /** Every file that was read for it: `changedSince` tells when to load again. */
  readonly files: readonly FileStamp[];
}

/** Throws ConfigError with everything that is wrong with both, or UsageError if the command line is to blame. */
export async function load(input: ConfigInput, { mode, learn }: { mode: Mode; learn: Learn }): Promise<Loaded> {
  const { config, problems, warnings } = loadConfig(input);
  const built = await buildRegistry(config, { mode, learn, cache: memoryPath(config.spool, config.file) });
  const files = [...config.files, ...built.files];
  refuse([...problems, ...built.problems], files);
  const { registry, broken } = built;
  return { config, registry, warnings: [...warnings, ...built.warnings], broken, files };
}
