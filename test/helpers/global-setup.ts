/**
 * One PostgreSQL for the whole test run: `TEST_DATABASE_URL`, else Docker, else binaries on this machine; with `TEST_POOLER=1` behind a
 * pgbouncer in transaction mode. The forked workers find them in `CRONTABBER_TEST_PG` and `CRONTABBER_TEST_POOLER` (its port on 127.0.0.1);
 * see pg.ts for how a test file gets its own database.
 */
import { existsSync } from "node:fs";
import { request } from "node:http";
import { hasPgbouncer, startPgbouncer } from "./pgbouncer.ts";
import { startServer } from "./server.ts";

/** Whether a Docker engine answers on its usual socket within a moment. */
function dockerAnswers(): Promise<boolean> {
  const host = process.env.DOCKER_HOST;
  if (host && !host.startsWith("unix://")) return Promise.resolve(true);
  const socketPath = host ? host.slice("unix://".length) : "/var/run/docker.sock";
  return new Promise((done) => {
    const ping = request({ socketPath, path: "/_ping", timeout: 500 }, (answer) => {
      answer.resume();
      done(answer.statusCode === 200);
    });
    ping.once("timeout", () => ping.destroy(new Error("no answer")));
    ping.once("error", () => done(false));
    ping.end();
  });
}

/** PostgreSQL in a container, with the same hostile settings as the local one. */
async function startContainer(): Promise<{ url: string; stop(): Promise<void> }> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const hostile = ["-c", "timezone=America/Los_Angeles", "-c", "datestyle=SQL, DMY", "-c", "fsync=off", "-c", "max_connections=200"];
  const container = await new GenericContainer("postgres:17-alpine")
    .withEnvironment({ POSTGRES_PASSWORD: "crontabber-test" })
    .withExposedPorts(5432)
    .withCommand(["postgres", ...hostile])
    // The image starts a first server for its own set-up: only the second one stays.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  const url = `postgres://postgres:crontabber-test@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  return {
    url,
    stop: async () => {
      await container.stop();
    },
  };
}

/** `TEST_DATABASE_URL` belongs to whoever gave it, and is not stopped. */
async function server(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, stop: async () => {} };
  return (await dockerAnswers()) ? startContainer() : startServer();
}

export default async function setup(): Promise<() => Promise<void>> {
  if (!existsSync("/usr/bin/chromium")) console.warn("the page is not looked at in a browser: apt-get install chromium");
  const { url, stop } = await server();
  process.env.CRONTABBER_TEST_PG = url;
  if (!process.env.TEST_POOLER) return stop;
  if (!hasPgbouncer) throw new Error("TEST_POOLER is set, and there is no /usr/sbin/pgbouncer");
  const bouncer = await startPgbouncer(url, 20);
  process.env.CRONTABBER_TEST_POOLER = String(bouncer.port);
  return async () => {
    await bouncer.close();
    await stop();
  };
}
