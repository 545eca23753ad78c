/** A pgbouncer in transaction mode in front of a test server, if Debian's package is installed. Owns its process and folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { until } from "./processes.ts";

const BINARY = "/usr/sbin/pgbouncer";
export const hasPgbouncer = existsSync(BINARY);
const NOBODY = 65_534;

export interface Bouncer {
  readonly port: number;
  /** The same database through the pooler. */
  url(direct: string): string;
  close(): Promise<void>;
}

/** `direct`: of a superuser, who looks up the passwords of everybody else. `pool`: sessions on the server for each database and role. */
export async function startPgbouncer(direct: string, pool = 10): Promise<Bouncer> {
  const { hostname, port, username, password } = new URL(direct);
  const folder = mkdtempSync(join(tmpdir(), "crontabber-bouncer-"));
  const at = await freePort();
  const root = process.getuid?.() === 0;
  const ini = {
    ...{ listen_addr: "127.0.0.1", listen_port: at, auth_type: "scram-sha-256", auth_file: join(folder, "users"), auth_user: username },
    ...{ unix_socket_dir: "", pool_mode: "transaction", max_client_conn: 400, default_pool_size: pool },
    ignore_startup_parameters: "extra_float_digits",
  };
  writeFileSync(join(folder, "users"), `"${username}" "${decodeURIComponent(password)}"\n`);
  const lines = Object.entries(ini).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(join(folder, "ini"), `[databases]\n* = host=${hostname} port=${port}\n[pgbouncer]\n${lines.join("\n")}\n`);
  chmodSync(folder, 0o700);
  // It refuses root as PostgreSQL does.
  if (root) for (const name of ["", "users", "ini"]) chownSync(join(folder, name), NOBODY, NOBODY);
  const child = spawn(BINARY, [join(folder, "ini")], { stdio: "ignore", ...(root && { uid: NOBODY, gid: NOBODY }) });
  const url = (text: string) => {
    const through = new URL(text);
    through.port = String(at);
    return through.href;
  };
  await until("pgbouncer answers", () => answers(url(direct)));
  return {
    port: at,
    url,
    close: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000 });
  client.on("error", () => {}); // the answer below is all that counts
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false; // not listening yet
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
