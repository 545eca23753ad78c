/**
 * Two PostgreSQL servers, the second a streaming replica of the first, and what befalls such a pair. Needs nothing but initdb, postgres
 * and pg_ctl: the replica is a copy of the first one's folder from before it was ever started. Owns both servers.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { until } from "./processes.ts";
import { type Cluster, initCluster, startCluster, type TestServer } from "./server.ts";

export interface Pair {
  readonly first: TestServer;
  readonly second: TestServer;
  /** `host = a,b` as libpq has it, in the dialect of the configuration file. `ports`: other ways to the same servers. */
  config(ports?: readonly [number, number]): string;
  /** A new superuser client of one of them; ended with the pair. Sessions speak ISO dates. */
  client(server: "first" | "second"): Promise<pg.Client>;
  /** Everything the first has committed is on the second. */
  caughtUp(): Promise<void>;
  /** From now on nothing of what the first commits reaches the second, which has all that was committed before. The answer undoes it. */
  stopStreaming(): Promise<() => void>;
  /** The second takes writes when it resolves. */
  promote(): Promise<void>;
  /** The first comes back after its crash: `standby` read-only, as after a rewind; `primary` as if nothing had happened. */
  comeBack(as: "standby" | "primary"): Promise<void>;
  stop(): Promise<void>;
}

export interface PairSettings {
  /** COMMIT waits for the second; else it is answered before the second has heard of it. */
  readonly synchronous?: "on" | "remote_apply";
}

const PASSWORD = "crontabber-test";
/** The file that makes a server one. */
const STANDBY = "standby.signal";

export async function startPair({ synchronous }: PairSettings = {}): Promise<Pair> {
  const cluster = await initCluster();
  const copy = copyOf(cluster);
  const first = await startCluster(cluster, { synchronous_commit: synchronous ?? "on", wal_keep_size: "256MB" });
  const source = `host=127.0.0.1 port=${first.port} user=postgres password=${PASSWORD} application_name=second`;
  makeStandby(copy, source);
  const second = await startCluster(copy, { synchronous_commit: "on", hot_standby: "on", wal_receiver_status_interval: "1s" });
  const servers = { first, second };
  const clients: pg.Client[] = [];
  const client: Pair["client"] = async (server) => {
    const made = await connect(servers[server].url);
    clients.push(made);
    return made;
  };
  const pair: Pair = {
    ...servers,
    client,
    config: ([a, b] = [first.port, second.port]) =>
      `    host = 127.0.0.1, 127.0.0.1\n    port = ${a}, ${b}\n    dbname = postgres\n    user = postgres\n    password = ${PASSWORD}\n`,
    caughtUp: () => caughtUp(servers),
    stopStreaming: async () => {
      await caughtUp(servers);
      const { rows } = await ask(first, "SELECT pid FROM pg_stat_replication");
      for (const { pid } of rows) process.kill(pid as number, "SIGSTOP");
      return () => {
        for (const { pid } of rows) process.kill(pid as number, "SIGCONT");
      };
    },
    promote: async () => {
      execFileSync(join(copy.bin, "pg_ctl"), ["promote", "-D", copy.data, "-w", "-t", "30"], {
        ...copy.who,
        cwd: copy.home,
        stdio: "pipe",
      });
    },
    comeBack: async (as) => {
      if (as === "standby") makeStandby(cluster, "");
      else rmSync(join(cluster.data, STANDBY), { force: true });
      await first.restart();
    },
    stop: async () => {
      await Promise.allSettled(clients.map((one) => one.end()));
      for (const server of [second, first]) {
        await server.crash(); // what stands still, or waits for its other half, does not end in order
        await server.stop();
      }
    },
  };
  await until(
    "the second streams",
    async () => (await ask(first, "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")).rowCount === 1,
  );
  if (synchronous) {
    await ask(first, "ALTER SYSTEM SET synchronous_standby_names = 'second'");
    await ask(first, "SELECT pg_reload_conf()");
    await until(
      "it is synchronous",
      async () => (await ask(first, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")).rowCount === 1,
    );
  }
  return pair;
}

/** The files of a folder that was never started are those of its replica. */
function copyOf({ bin, data, who }: Cluster): Cluster {
  const home = mkdtempSync(join(who.uid ? "/tmp" : tmpdir(), "crontabber-pg-"));
  if (who.uid) chownSync(home, who.uid, who.gid ?? who.uid);
  const copy = join(home, "data");
  execFileSync("cp", ["-pR", data, copy], { ...who, cwd: home, stdio: "pipe" });
  return { bin, data: copy, home, who };
}

function makeStandby({ data, who }: Cluster, source: string): void {
  const signal = join(data, STANDBY);
  writeFileSync(signal, "");
  if (who.uid) chownSync(signal, who.uid, who.gid ?? who.uid);
  appendFileSync(join(data, "postgresql.auto.conf"), `primary_conninfo = '${source}'\n`);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 20_000 });
  client.on("error", () => {}); // its server is killed under it
  await client.connect();
  await client.query("SET datestyle TO 'ISO'");
  return client;
}

async function ask({ url }: TestServer, text: string): Promise<pg.QueryResult> {
  const client = await connect(url);
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

async function caughtUp({ first, second }: Pick<Pair, "first" | "second">): Promise<void> {
  const { rows } = await ask(first, "SELECT pg_current_wal_flush_lsn()::text AS lsn");
  const there = `SELECT pg_last_wal_replay_lsn() >= '${rows[0].lsn}' AS done`;
  await until("the second has caught up", async () => (await ask(second, there)).rows[0].done === true);
}
