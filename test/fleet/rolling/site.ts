/** Two hosts under load, and what they left behind. Owns the database, the folders and the daemons it starts. */
import { readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Database } from "../../faults/database.ts";
import { type Evidence, readLines } from "../../faults/evidence.ts";
import { TABLE } from "../../faults/fleet.ts";
import { type Ended, makeSite, type Process, type Site } from "../../helpers/hosts.ts";
import { freshDatabase } from "../../helpers/pg.ts";
import { until } from "../../helpers/processes.ts";
import { LOAD, type Release, writeRelease } from "./load.ts";

/** Seconds: a busy machine starts twenty processes slowly. */
export const PATIENCE = 120;

export const HOSTS = ["web-1", "web-2"];

export interface Daemon extends Process {
  /** How often it said so. */
  count(text: string): number;
  said(text: string, times?: number): Promise<void>;
}

/** One line of a body: kind, job, run, host, and the releases it says it is of. */
export interface Word {
  readonly kind: string;
  readonly job: string;
  readonly runId: string;
  readonly host: string;
  readonly releases: string;
}

export class Rolling {
  readonly site: Site = makeSite("");
  readonly root = this.site.folder;
  readonly database: Database;
  readonly #drop: () => Promise<void>;
  readonly #url: string;
  #from = 0;

  private constructor(url: string, drop: () => Promise<void>) {
    this.#url = url;
    this.#drop = drop;
    this.database = new Database(url);
    this.site.write("lines", "");
  }

  static async open(): Promise<Rolling> {
    const { url, drop } = await freshDatabase();
    const rolling = new Rolling(url, drop);
    await rolling.database.run(TABLE);
    return rolling;
  }

  release(number: number, over: Partial<Release> = {}): Release {
    return { number, database: this.#url, lines: join(this.root, "lines"), ...over };
  }

  /** Writes the release's folder and returns its path. */
  install(number: number, over: Partial<Release> = {}): string {
    const folder = join(this.root, `release-${number}`);
    writeRelease(folder, this.release(number, over));
    return folder;
  }

  /** `current` leads to that release from one instant to the next. */
  switchTo(number: number): void {
    symlinkSync(`release-${number}`, join(this.root, "next"));
    renameSync(join(this.root, "next"), join(this.root, "current"));
  }

  daemon(host: string, folder: string): Daemon {
    const started = this.site.start(host, ["daemon", "--verbose", "-c", join(folder, "crontabber.ini")]);
    let told = "";
    started.child.stderr?.on("data", (text: string) => {
      told += text;
    });
    const count = (text: string) => told.split(text).length - 1;
    const said = (text: string, times = 1) => until(`${host} says "${text}" ${times} times`, () => count(text) >= times, PATIENCE);
    return { ...started, count, said };
  }

  /** Every job has its row and has run; from then on each slot counts. */
  async underLoad(): Promise<void> {
    const ran = "SELECT count(DISTINCT app_name)::int AS n FROM crontabber_run WHERE outcome = 'succeeded'";
    const count = () =>
      this.database.rows<{ n: number }>(ran).then(
        ([row]) => row?.n ?? 0,
        () => 0, // the tables are not there yet
      );
    await until("every job has run", async () => (await count()) === LOAD.length, PATIENCE);
    this.#from = await this.database.now();
  }

  words(): Word[] {
    return this.site.lines("lines").map((line) => {
      const [kind = "", job = "", , , runId = "", host = "", , , releases = ""] = line.split(" ");
      return { kind, job, runId, host, releases };
    });
  }

  /** Runs of that process that have not ended. */
  async live(pid: number): Promise<string[]> {
    const query = "SELECT run_id FROM crontabber_run WHERE outcome IS NULL AND pid = $1";
    return (await this.database.rows<{ run_id: string }>(query, [pid])).map((row) => row.run_id);
  }

  /** Everything that is due up to now is done, then all drain. */
  async settle(daemons: readonly Daemon[]): Promise<{ ends: Ended[]; evidence: Evidence }> {
    const end = await this.database.now();
    const live = "SELECT count(*)::int AS n FROM crontabber_run WHERE outcome IS NULL AND claimed_at <= to_timestamp($1 / 1000.0)";
    await until(
      "every slot is dealt with",
      async () => {
        if ((await this.database.states()).some((row) => (row.nextRun ?? 0) <= end)) return false;
        return (await this.database.rows<{ n: number }>(live, [end]))[0]?.n === 0;
      },
      PATIENCE,
    );
    for (const daemon of daemons) daemon.kill("SIGTERM");
    const ends = await Promise.all(daemons.map((daemon) => daemon.ended));
    const { database } = this;
    const [runs, rows, effects] = [await database.runs(), await database.states(), await database.effects()];
    const lines = readLines(readFileSync(join(this.root, "lines"), "utf8"));
    return { ends, evidence: { jobs: LOAD, lines, runs, rows, effects, zero: 0, from: this.#from, until: end } };
  }

  async close(): Promise<void> {
    await this.site.close();
    await this.#drop();
  }
}
