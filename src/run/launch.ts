/** What process a job becomes. Owns the command lines and the word to go, which brings what only a claim knows; starts nothing. */
import { fileURLToPath } from "node:url";
import type { Job } from "../core/job.ts";
import type { Ticket } from "../core/state.ts";
import { freezeTicket } from "../core/ticket.ts";
import { accountNamed, ownAccount } from "./account.ts";
import { type Env, jobEnvironment, runWords } from "./environment.ts";
import type { Go, Order } from "./protocol.ts";
import type { RunnerSettings } from "./runner.ts";

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  /** The line that lets it begin. */
  go(ticket: Ticket): string;
  /** A host child that listens on its wire; else a bare shell. */
  readonly host: boolean;
  /** It reports how its work ended; else its exit status says so. */
  readonly reports: boolean;
}

const HOST = fileURLToPath(new URL("./host-main.js", import.meta.url));

const WORDS = ["CRONTABBER_SLOT", "CRONTABBER_ATTEMPT", "CRONTABBER_FENCE"];
/**
 * Waits for its line on descriptor 3, takes the run's words from it and closes it: nothing of the command may hold our wire. The command is
 * an argument, never pasted.
 */
export const SHELL = `umask 022; read -r ${WORDS.join(" ")} <&3 || exit 125; exec 3<&-; export ${WORDS.join(" ")}; exec /bin/sh -c "$1"`;

/** `payload`: what whoever asked for the run sent along. Throws, in words for the operator, for a user or a database that is not there. */
export function launch(job: Job, { runId, payload }: Pick<Ticket, "runId" | "payload">, settings: RunnerSettings): Launch {
  const own = ownAccount();
  const account = job.user === null ? own : accountNamed(job.user);
  const other = account.uid === own.uid ? null : account;
  const work = workOf(job);
  const go: Omit<Go, "ticket"> = {
    job: job.name,
    work,
    transaction: job.transaction,
    timeout: job.timeout,
    connection: job.kind === "command" ? null : settings.connection,
    schema: settings.schema,
    // What another user may not write he need not read either.
    cacheDir: other ? null : settings.cacheDir,
    account: other,
  };
  const known = jobEnvironment(job, runId, { ...settings, account });
  const common = { cwd: job.cwd ?? settings.configDir, env: payload === null ? known : { ...known, CRONTABBER_PAYLOAD: payload } };
  if (work.kind === "command" && !other) {
    return { ...common, file: "/bin/sh", args: ["-c", SHELL, "sh", work.command], go: shellLine, host: false, reports: false };
  }
  const hostLine = (ticket: Ticket) => JSON.stringify({ go: { ...go, ticket: freezeTicket(ticket) } } satisfies Order);
  // The name is for whoever reads `ps`.
  return { ...common, file: process.execPath, args: [HOST, job.name], go: hostLine, host: true, reports: work.kind !== "command" };
}

function shellLine(ticket: Ticket): string {
  const words = runWords(ticket);
  return WORDS.map((name) => words[name]).join(" ");
}

function workOf(job: Job): Go["work"] {
  if (job.kind === "command") return { kind: "command", command: job.command ?? "" };
  if (job.kind === "sql") return { kind: "sql", sql: job.sql ?? "" };
  if (!job.module) throw new Error(`job ${job.name} has neither a module nor a command nor sql`);
  return { kind: "module", file: job.module.file, export: job.module.export, options: job.options };
}
