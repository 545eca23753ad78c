/** Where passes remember what they have told: the user's state folder, even when the configuration that may name another cannot be read. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Invocation } from "../app.ts";
import { chooseFile } from "../config/sources.ts";

/** The configuration file that is meant, whether or not it is there; absolute. */
export function configPath({ conf, overrides, env, cwd }: Invocation): string {
  const chosen = chooseFile({ options: overrides, env: { ...env }, cwd, ...(conf !== null && { file: conf }) });
  return typeof chosen === "string" ? chosen : resolve(cwd, "crontabber.ini");
}

/** One file for each configuration file; absolute. */
export function incidentFile(path: string, env: Invocation["env"]): string {
  const key = createHash("sha256").update(path).digest("hex").slice(0, 16);
  const state = env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state");
  return join(state, "crontabber", `told-${key}.json`);
}
