import { spawn } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { STAGED, STAGING_PREFIX } from "#lib/store/embedded-folder.js";
import { closedFolder, endUsers, log, pids, query, removeFolders, starts, startUser, stopped, until } from "../helpers/embedded.ts";

afterEach(endUsers);
afterAll(removeFolders);

/** A data folder with a row in it, and no server. */
async function madeFolder(): Promise<string> {
  const folder = closedFolder();
  const user = await startUser(folder);
  await query(user.url, "create table kept as select 7 as n");
  await user.kill();
  await stopped(folder);
  return folder;
}

async function keptRow(folder: string): Promise<unknown[]> {
  return query((await startUser(folder)).url, "select n from kept");
}

describe("a folder that is not ours is refused and not touched", () => {
  it.each([
    ["other files", "thesis.txt", /is not empty and holds no embedded database/],
    ["another PostgreSQL's data", "PG_VERSION", /is the data folder of another PostgreSQL/],
  ])("%s", async (_what, file, message) => {
    const folder = closedFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, file), "16\n");
    const before = statSync(folder);
    await expect(startUser(folder)).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([file]);
    expect([statSync(folder).uid, statSync(folder).mode]).toEqual([before.uid, before.mode]);
  });

  it("a file", async () => {
    const folder = closedFolder();
    writeFileSync(folder, "not a folder");
    await expect(startUser(folder)).rejects.toThrow(/StoreError: cannot use .*ENOTDIR/);
    expect(readFileSync(folder, "utf8")).toBe("not a folder");
  });
});

describe("leftovers of a crash", () => {
  it("an initdb that was cut off is thrown away", async () => {
    const folder = closedFolder();
    mkdirSync(folder);
    const staging = mkdtempSync(join(folder, STAGING_PREFIX));
    writeFileSync(join(staging, "PG_VERSION"), "17\n");
    const { url } = await startUser(folder);
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).not.toContain(staging);
    expect(readdirSync(folder).some((name) => name.startsWith(STAGING_PREFIX))).toBe(false);
  });

  it("a data folder that was not all moved into place is finished", async () => {
    const folder = await madeFolder();
    mkdirSync(join(folder, STAGED));
    chownSync(join(folder, STAGED), statSync(folder).uid, statSync(folder).gid);
    for (const name of ["global", "pg_wal", "postgresql.conf", "PG_VERSION"]) renameSync(join(folder, name), join(folder, STAGED, name));
    expect(await keptRow(folder)).toEqual([{ n: 7 }]);
    expect(readdirSync(folder)).not.toContain(STAGED);
  });

  it("a postmaster.pid and sockets whose number now belongs to a stranger do not stop a start", async () => {
    const folder = await madeFolder();
    const owner = statSync(folder).uid;
    const stranger = spawn("sleep", ["600"], { uid: owner, stdio: "ignore" });
    const lines = [stranger.pid, folder, 1, 5432, folder, "", "1 1", "ready   "];
    for (const file of ["postmaster.pid", ".s.PGSQL.5432.lock"]) writeFileSync(join(folder, file), `${lines.join("\n")}\n`);
    writeFileSync(join(folder, "keeper.json"), JSON.stringify({ pid: stranger.pid, sockets: folder }));
    expect(await keptRow(folder)).toEqual([{ n: 7 }]);
    expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
    stranger.kill();
  });

  it("a server and a keeper that were killed together recover their data", async () => {
    const folder = closedFolder();
    const user = await startUser(folder);
    await query(user.url, "create table kept as select 7 as n");
    const { server, keeper } = pids(folder);
    await user.kill();
    process.kill(keeper, "SIGKILL");
    process.kill(server, "SIGKILL");
    await stopped(folder);
    expect(await keptRow(folder)).toEqual([{ n: 7 }]);
    expect(log(folder)).toContain("automatic recovery in progress");
  });
});

describe("errors say why and what to do", () => {
  it("a server that does not start: the end of its log, told to everybody who waits", async () => {
    const folder = await madeFolder();
    appendFileSync(join(folder, "postgresql.conf"), "\nshared_buffers = 'lots'\n");
    const waiting = await Promise.allSettled([startUser(folder), startUser(folder), startUser(folder)]);
    for (const outcome of waiting) {
      expect(outcome).toMatchObject({ status: "rejected" });
      expect(String((outcome as PromiseRejectedResult).reason)).toMatch(
        /StoreError: the embedded database in .*\n.*invalid value for parameter "shared_buffers"/s,
      );
    }
  });

  it("a data folder of a version that is not installed", async () => {
    const folder = await madeFolder();
    writeFileSync(join(folder, "PG_VERSION"), "13\n");
    await expect(startUser(folder)).rejects.toThrow(/PostgreSQL 13, which made .*was not found.*found: \d+ in/);
  });

  it("a server that keeps ending is given up, with its keeper", async () => {
    const folder = closedFolder();
    const user = await startUser(folder);
    for (let crash = 1; crash <= 5; crash += 1) {
      await until(() => starts(folder) === crash && log(folder).split("is up").length === crash + 1);
      process.kill(pids(folder).server, "SIGKILL");
    }
    await until(() => log(folder).includes("PostgreSQL keeps ending by itself"));
    await until(() => starts(folder) === 6); // its user is still there, and tries with a new keeper
    expect(await query(user.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

it("is the same database whatever link leads to it", async () => {
  const folder = closedFolder("real/db");
  const user = await startUser(folder);
  const link = join(dirname(dirname(folder)), "link");
  symlinkSync(dirname(folder), link);
  expect((await startUser(join(link, "db"))).url).toBe(user.url);
});
