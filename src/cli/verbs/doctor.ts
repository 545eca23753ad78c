/** `doctor`: everything that can be found out without changing anything; 0 if all is well, 1 with findings, 69 without a database. */
import { connect, type Setup } from "../../app.ts";
import { problemLine, StoreError } from "../../core/errors.ts";
import { doctorDocument, doctorText, type Examined, examine } from "../../report/doctor.ts";
import { masked } from "../../report/mask.ts";
import type { Store } from "../../store/store.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer, answerJson } from "../io.ts";
import { openFiles, openFolders, spooled } from "../premises.ts";
import { configured, fleetViewOf } from "../reading.ts";
import { paperFor } from "../talk.ts";

/** Rights without which not even the jobs' rows can be looked at. */
const UNREADABLE = new Set(["crontabber", "crontabber_upkeep"].map((table) => `SELECT on ${table}`));

type Asked = Pick<Examined, "database" | "listens" | "view" | "requests">;

export async function handle({ invocation, given }: Call): Promise<number> {
  // What the configuration is warned of is part of the answer.
  const setup = await configured({ invocation, given: { ...given, quiet: true } });
  const { config, registry, broken, warnings } = setup;
  const asked = await ask(setup);
  const findings = examine({
    ...{ file: config.shown, jobs: registry.jobs.length, autoMigrate: config.autoMigrate, ...asked },
    ...{ broken: broken.map(problemLine), warnings: warnings.map(problemLine) },
    ...{ open: openFiles(config), folders: openFolders(config), spool: spooled(config.spool) },
    ...{ connections: config.concurrency + 2, embedded: config.database?.kind === "embedded" },
    runtime: { node: process.versions.node, zones: process.versions.tz ?? null },
    page: config.http && { host: config.http.host, token: config.httpToken !== null },
  });
  if (given.json) answerJson(doctorDocument(findings, asked.view?.snapshot.now ?? null));
  else answer(doctorText(findings, paperFor(given, config.timezone)));
  if (typeof asked.database === "string") return EXIT.database;
  return findings.some(({ level }) => level !== "ok") ? EXIT.failed : EXIT.done;
}

/** A database that cannot be used is a finding, too. */
async function ask(setup: Setup): Promise<Asked> {
  let store: Store | null = null;
  try {
    store = await connect(setup);
    return await question(setup, store);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { database: masked(error.message), listens: null, view: null, requests: [] };
  } finally {
    await store?.close().catch(() => {}); // nothing of ours is open any more
  }
}

async function question(setup: Setup, store: Store): Promise<Asked> {
  const database = await store.fleet.inspect();
  const line = await store.listen(
    () => {},
    () => {},
  );
  await line?.close();
  // A doctor changes nothing: tables that are missing or old are told, not made.
  const hidden = database.lacking.some((what) => UNREADABLE.has(what));
  const readable = database.pending.length === 0 && database.needs === null && !hidden;
  const listens = line !== null;
  if (!readable) return { database, listens, view: null, requests: [] };
  return { database, listens, view: await fleetViewOf(setup, store), requests: await store.requests.open() };
}
