/** `config print` shows the resolved configuration, `config init` writes it, or an example where there is none. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { configOf, type Invocation } from "../../app.ts";
import { inOrder, refuse } from "../../config/config.ts";
import { renderConfig } from "../../config/print.ts";
import { ConfigError } from "../../core/errors.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer } from "../io.ts";
import { tell, tellProblems } from "../talk.ts";

const EXAMPLE = fileURLToPath(new URL("../../../config.example.ini", import.meta.url));

export async function handle(call: Call): Promise<number> {
  return call.operands[0] === "init" ? init(call) : print(call);
}

/** What is wrong with it is told, and shown all the same: that is what printing is for. */
function print({ invocation, given }: Call): number {
  const { config, problems } = configOf(invocation);
  refuse(problems.filter(({ file }) => file === "command line"));
  answer(renderConfig(config, { exposeSecrets: given.exposeSecrets }));
  tellProblems(inOrder(problems));
  return problems.length > 0 ? EXIT.config : EXIT.done;
}

function init({ invocation, given, operands: [, named] }: Call): number {
  const target = resolve(invocation.cwd, named ?? invocation.conf ?? invocation.env.CRONTABBER_CONF ?? "crontabber.ini");
  if (existsSync(target) && !given.force) {
    tell(`crontabber: ${target} exists and is left as it is (--force overwrites it)`);
    return EXIT.failed;
  }
  const current = existsSync(target) && named === undefined ? null : readCurrent(invocation);
  const text = current ? renderConfig(current, { exposeSecrets: given.exposeSecrets }) : readFileSync(EXAMPLE, "utf8");
  try {
    // It may hold secrets, or will.
    writeFileSync(target, text, { mode: 0o600, flag: given.force ? "w" : "wx" });
  } catch (error) {
    tell(`crontabber: ${target} cannot be written: ${(error as Error).message}`);
    return EXIT.failed;
  }
  answer(target);
  if (current && !given.exposeSecrets) tell("secrets are masked in it (--admin.expose_secrets writes them, too)");
  return EXIT.done;
}

/** The configuration in use; null: there is none yet. */
function readCurrent(invocation: Invocation): ReturnType<typeof configOf>["config"] | null {
  try {
    const { config, problems } = configOf(invocation);
    refuse(problems);
    return config;
  } catch (error) {
    const missing = error instanceof ConfigError && error.problems.length === 1 && error.problems[0]?.line === null;
    if (missing) return null;
    throw error;
  }
}
