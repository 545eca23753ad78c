/** The unit of docs/systemd.md, under a real systemd where the machine allows one: started, reloaded, watched, drained. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { Systemd } from "../helpers/systemd.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const GUIDE = readFileSync(new URL("../../docs/systemd.md", import.meta.url), "utf8");
const UNIT = "crontabber.service";

const site: Site = makeSite("");
const units = join(site.folder, "units");
mkdirSync(units);
const systemd = await Systemd.start(units);

describe.runIf(systemd)("the unit of the guide", () => {
  const host = systemd as Systemd;
  let database: TestDatabase;
  let sql: pg.Client;
  const ini = (schedule: string) => `[crontabber]
    database_url = ${database.url}
    drain_timeout = 20
    lease = 3
[job:tick]
    command = id -un >> ${site.folder}/ran
    schedule = ${schedule}
[job:long]
    command = echo begin >> ${site.folder}/long; while [ ! -e ${site.folder}/go ]; do sleep 0.1; done; echo end >> ${site.folder}/long
    schedule = 1d
`;
  /** What a machine without network and other services lacks, whose program is here, and a watchdog that does not take a minute. */
  const fitted = (text: string) =>
    text
      .replace(/^(Wants|After)=.*\n/gm, "")
      .replace("[Unit]", "[Unit]\nDefaultDependencies=no")
      .replace(/^ExecStart=\S+ daemon -c .*$/m, `ExecStart=${process.execPath} ${CLI} daemon -c ${site.folder}/crontabber.ini`)
      .replace(/^User=.*$/m, "User=nobody")
      .replace(/^WatchdogSec=.*$/m, "WatchdogSec=3")
      .replace(/^RestartSec=.*$/m, "RestartSec=1")
      .replace(/^PrivateTmp=.*\n/m, "");

  beforeAll(async () => {
    database = await freshDatabase();
    sql = await database.client();
    chmodSync(site.folder, 0o777);
    const [, unit = ""] = /```ini\n([^`]*)```/.exec(GUIDE) ?? [];
    writeFileSync(join(units, UNIT), fitted(unit));
    host.control("daemon-reload");
  });
  afterAll(async () => {
    await systemd?.close();
    await site.close();
    await database?.drop();
  });

  it("does not start again and again over a configuration that stays wrong", async () => {
    site.write("crontabber.ini", ini("never"));
    expect(() => host.control("start", UNIT)).toThrow(/failed/);
    expect([host.show(UNIT, "ActiveState"), host.show(UNIT, "ExecMainStatus")]).toEqual(["failed", "78"]);
  });

  it("is started when the first look has worked, as its user", async () => {
    site.write("crontabber.ini", ini("2s"));
    host.control("start", UNIT);
    expect([host.show(UNIT, "ActiveState"), host.show(UNIT, "StatusText")]).toEqual(["active", "2 jobs"]);
    await until("its jobs run", () => site.lines("ran").includes("nobody"));
  });

  it("reloads, and shows that a configuration was refused", async () => {
    host.control("reload", UNIT);
    site.write("crontabber.ini", ini("never"));
    await until("it says so", () => host.show(UNIT, "StatusText").startsWith("the configuration is wrong, the old one holds on"));
    host.control("reload", UNIT);
    site.write("crontabber.ini", ini("1s"));
    await until("it is mended", () => host.show(UNIT, "StatusText") === "2 jobs");
    expect([host.show(UNIT, "ActiveState"), host.show(UNIT, "NRestarts")]).toEqual(["active", "0"]);
  });

  it("is ended by the watchdog when it stands still, and started again", async () => {
    host.kill("STOP", host.show(UNIT, "MainPID"));
    await until("another one works", () => host.show(UNIT, "NRestarts") === "1" && host.show(UNIT, "StatusText") === "2 jobs", 60);
  });

  it("drains when it is stopped: jobs hear nothing of it, and the stop waits for them", async () => {
    // The one that stood still had begun it, and died.
    await until("the long one runs again", () => site.lines("long").length === 2, 60);
    host.control("stop", "--no-block", UNIT);
    await until("it stops", () => host.show(UNIT, "ActiveState") === "deactivating");
    site.write("go", "");
    await until("it has stopped", () => host.show(UNIT, "ActiveState") === "inactive");
    expect([host.show(UNIT, "Result"), host.show(UNIT, "ExecMainStatus")]).toEqual(["success", "0"]);
    expect(site.lines("long")).toEqual(["begin", "begin", "end"]);
    const { rows } = await sql.query("SELECT outcome FROM crontabber_run WHERE app_name = 'long' ORDER BY id");
    expect(rows).toEqual([{ outcome: "lost" }, { outcome: "succeeded" }]);
  });
});
