/** What process a job becomes. Owns the command lines and what goes through the wire as the word to go; starts nothing. */
import { fileURLToPath } from "node:url";
import type { Job } from "../core/job.ts";
import { freezeTicket } from "../core/ticket.ts";
import { accountNamed, ownAccount } from "./account.ts";
import { type Env, jobEnvironment } from "./environment.ts";
import type { Go, Order } from "./protocol.ts";
import type { RunnerSettings, RunSpec } from "./runner.ts";

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  /** The line that lets it begin. */
  readonly go: Order;
  /** A host child that listens on its wire; else a bare shell. */
  readonly host: boolean;
  /** It reports how its work ended; else its exit status says so. */
  readonly reports: boolean;
}

const HOST = fileURLToPath(new URL("./host-main.js", import.meta.url));

/** Waits for its line on descriptor 3 and closes it: nothing of the command may hold our wire. The command is an argument, never pasted. */
export const SHELL = 'umask 022; read -r go <&3 || exit 125; exec 3<&-; exec /bin/sh -c "$1"';

/** Throws, in words for the operator, for a user or a database that is not there. */
export function launch({ job, ticket }: RunSpec, settings: RunnerSettings): Launch {
  const own = ownAccount();
  const account = job.user === null ? own : accountNamed(job.user);
  const other = account.uid === own.uid ? null : account;
  const go: Go = {
    job: job.name,
    work: workOf(job),
    ticket: freezeTicket(ticket),
    transaction: job.transaction,
    timeout: job.timeout,
    connection: job.kind === "command" ? null : settings.connection,
    schema: settings.schema,
    // What another user may not write he need not read either.
    cacheDir: other ? null : settings.cacheDir,
    account: other,
  };
  const common = { cwd: job.cwd ?? settings.configDir, env: jobEnvironment(job, ticket, { ...settings, account }), go: { go } };
  if (go.work.kind === "command" && !other) {
    return { ...common, file: "/bin/sh", args: ["-c", SHELL, "sh", go.work.command], host: false, reports: false };
  }
  // The name is for whoever reads `ps`.
  return { ...common, file: process.execPath, args: [HOST, job.name], host: true, reports: go.work.kind !== "command" };
}

function workOf(job: Job): Go["work"] {
  if (job.kind === "command") return { kind: "command", command: job.command ?? "" };
  if (job.kind === "sql") return { kind: "sql", sql: job.sql ?? "" };
  if (!job.module) throw new Error(`job ${job.name} has neither a module nor a command nor sql`);
  return { kind: "module", file: job.module.file, export: job.module.export, options: job.options };
}
