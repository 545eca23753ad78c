/** Runs the operator's own command for an alert. Owns its process group, its time and what a failure says; knows nothing of what is told. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after } from "../clock.ts";
import type { AlertDocument, Channel } from "../core/alert.ts";
import { ownAccount } from "./account.ts";
import { type Env, passed, plainEnvironment } from "./environment.ts";
import { signalGroup } from "./procs.ts";
import { lastBytes } from "./sanitise.ts";

const TIMEOUT_MS = 10_000;
/** From SIGTERM to SIGKILL. */
const GRACE_MS = 1_000;
const STDERR_BYTES = 2048;

export interface CommandSettings {
  /** For `/bin/sh -c`. */
  readonly command: string;
  readonly cwd: string;
  /** IANA name. */
  readonly zone: string;
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
  /** Names of variables it inherits, as jobs do. */
  readonly envPass: readonly string[];
}

/** An exit code other than 0 is a failure, and so is its time. Nothing of its group outlives it. */
export function alertCommand(settings: CommandSettings): Channel {
  return { name: "command", send: (alert, signal) => run(settings, alert, signal) };
}

async function run({ command, cwd, zone, baseEnv, envPass }: CommandSettings, alert: AlertDocument, signal: AbortSignal): Promise<void> {
  const env = { ...plainEnvironment(ownAccount(), zone), ...passed(envPass, baseEnv), ...variables(alert) };
  const child = spawn("/bin/sh", ["-c", command], { cwd, env, detached: true, stdio: ["pipe", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = lastBytes(stderr + text, STDERR_BYTES);
  });
  child.stderr.on("error", () => {}); // followed by its end
  child.stdin.on("error", () => {}); // it ended without reading: its exit code says so
  child.stdin.end(`${JSON.stringify(alert)}\n`);
  await once(child, "spawn");
  const group = child.pid as number;
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let late = false;
  let cancelKill = () => {};
  const end = () => {
    late = true;
    signalGroup(group, "SIGTERM");
    cancelKill = after(GRACE_MS, () => signalGroup(group, "SIGKILL"));
  };
  const cancelEnd = after(TIMEOUT_MS, end);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const [code, killedBy] = await exited;
  cancelEnd();
  cancelKill();
  signal.removeEventListener("abort", end);
  signalGroup(group, "SIGKILL");
  // A child of its own that left the group may hold the pipe: nobody waits for it.
  child.stderr.destroy();
  if (late) throw new Error("the command took too long and was ended");
  if (code === 0) return;
  const said = stderr.trim();
  throw new Error(`the command ended with ${killedBy ?? `exit code ${code}`}${said ? `: ${said}` : ""}`);
}

/** What a line of shell wants to know; the rest stands in the document on stdin. */
function variables(alert: AlertDocument): Env {
  const { id, text, subject, condition, was, level, job, owner, runbook, errors, error, run, holds_up, seen_by } = alert;
  const all: Record<string, string | number | null | undefined> = {
    ...{ ID: id, TEXT: text, SUBJECT: `${subject.kind}:${subject.name}`, CONDITION: condition, WAS: was, LEVEL: level, JOB: job },
    ...{ OWNER: owner, RUNBOOK: runbook, ERRORS: errors, ERROR_TYPE: error?.type, ERROR: error?.value, HOLDS_UP: holds_up.join(",") },
    ...{ RUN: run?.id, SLOT: run?.slot, ATTEMPT: run?.attempt, OUTCOME: run?.outcome, RAN_ON: run?.host, SEEN_BY: seen_by },
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`CRONTABBER_ALERT_${name}`, String(value ?? "")]));
}
