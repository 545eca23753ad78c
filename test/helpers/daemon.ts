/** Daemons that can be listened to, and jobs whose bodies tell what they do: for tests of fail-overs and of a database in trouble. */
import { makeSite, type Process, type Site } from "./hosts.ts";
import { until } from "./processes.ts";

export interface Daemon extends Process {
  /** Everything on stderr so far. */
  log(): string;
  /** How many lines contain it. */
  told(text: string): number;
  said(text: string): Promise<void>;
  /** Drains, and waits for the end. */
  end(): Promise<{ code: number | null }>;
}

export function startDaemon(site: Site, host: string, args: readonly string[] = []): Daemon {
  const started = site.start(host, ["daemon", "--verbose", ...args]);
  let stderr = "";
  started.child.stderr?.on("data", (text) => {
    stderr += text;
  });
  const told = (text: string) => stderr.split("\n").filter((line) => line.includes(text)).length;
  return {
    ...started,
    log: () => stderr,
    told,
    said: (text) =>
      until(`${host} says "${text}"`, () => told(text) > 0).catch((error: Error) =>
        Promise.reject(new Error(`${error.message}\n${stderr}`)),
      ),
    end: () => {
      started.kill("SIGTERM");
      return started.ended;
    },
  };
}

export const DOWN = "the database cannot be used";
export const UP = "the database is good again";

/** A site whose database is what `where` says, in the words of the configuration file. */
export function siteOf(where: string, jobs: string, { lease = 12, concurrency = 10 } = {}): Site {
  return makeSite(`[crontabber]
${where}    lease = ${lease}
    concurrency = ${concurrency}
    drain_timeout = 10
    error_retry_time = 1
${jobs}`);
}

/** A job whose body says `start NAME HOST ATTEMPT SLOT RUN_ID FENCE`, then does `more`, then says `end …` alike. */
export function body(name: string, schedule: string, more = ":", options = ""): string {
  const say = (what: string) =>
    `echo "${what} ${name} $CRONTABBER_HOST $CRONTABBER_ATTEMPT $CRONTABBER_SLOT $CRONTABBER_RUN_ID $CRONTABBER_FENCE" >> ran`;
  return `[job:${name}]\n    command = ${say("start")}; ${more}; ${say("end")}\n    schedule = ${schedule}\n${options}`;
}

/** What a body said. */
export interface Said {
  readonly job: string;
  readonly host: string;
  readonly slot: string;
  readonly runId: string;
  readonly fence: string;
}

export const said = (site: Site, begin: string): Said[] =>
  lines(site, begin).map((line) => {
    const [, job = "", host = "", , slot = "", runId = "", fence = ""] = line.split(" ");
    return { job, host, slot, runId, fence };
  });

/** Lines of bodies that begin so. */
export const lines = (site: Site, begin: string): string[] => site.lines("ran").filter((line) => line.startsWith(`${begin} `));
