import { existsSync, readdirSync } from "node:fs";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { isAlive } from "#lib/store/embedded-process.js";
import {
  closedFolder,
  connections,
  endUsers,
  gone,
  log,
  nextLine,
  pids,
  query,
  removeFolders,
  starts,
  startUser,
  stopped,
  until,
} from "../helpers/embedded.ts";

afterEach(endUsers);
afterAll(removeFolders);

describe("sharing", () => {
  it("gives eight processes that start at once the same one server", async () => {
    const folder = closedFolder();
    const users = await Promise.all(Array.from({ length: 8 }, () => startUser(folder)));
    expect(new Set(users.map((user) => user.url)).size).toBe(1);
    expect(starts(folder)).toBe(1);
    await query(users[0]?.url ?? "", "create table seen (by text)");
    expect(await query(users[7]?.url ?? "", "select count(*)::int as rows from seen")).toEqual([{ rows: 0 }]);
  });

  it("has UTC, UTF-8, fsync and an order of strings that depends on no system library", async () => {
    const { url } = await startUser(closedFolder());
    const settings =
      "current_setting('timezone') as zone, current_setting('fsync') as fsync, current_setting('server_encoding') as encoding";
    const where = "from pg_database where datname = current_database()";
    const [row] = await query(url, `select ${settings}, datcollate as order, lower('Å') as lower, current_user as who ${where}`);
    expect(row).toEqual({ zone: "UTC", fsync: "on", encoding: "UTF8", order: "C", lower: "å", who: "crontabber" });
  });

  it("lets a process end that does not leave, and stops the server after it", async () => {
    const folder = closedFolder();
    const user = await startUser(folder, { go: true });
    const { server } = pids(folder);
    await user.kill("SIGCONT"); // harmless: it ends by itself
    await gone(server);
  });

  it("keeps the server up for a moment, for the next command", async () => {
    const folder = closedFolder();
    await (await startUser(folder)).kill();
    const { server, keeper } = pids(folder);
    await until(() => connections(folder) === 0);
    expect([isAlive(server), isAlive(keeper)]).toEqual([true, true]);
  });
});

describe("when processes are killed", () => {
  it("stops the server when all users were killed, leaves no socket, and keeps the data", async () => {
    const folder = closedFolder();
    const users = await Promise.all([startUser(folder), startUser(folder)]);
    await query(users[0].url, "create table kept as select 7 as n");
    const { server, keeper } = pids(folder);
    await users[0].kill();
    expect(isAlive(server)).toBe(true);
    await users[1].kill();
    await Promise.all([gone(server), gone(keeper)]);
    expect(readdirSync(folder).filter((name) => /sock|PGSQL|pid$|json$/.test(name))).toEqual([]);
    const again = await startUser(folder);
    expect(await query(again.url, "select n from kept")).toEqual([{ n: 7 }]);
    expect(pids(folder).server).not.toBe(server);
  });

  it("adopts the server of a keeper that was killed, for the users it had", async () => {
    const folder = closedFolder();
    const user = await startUser(folder);
    const first = pids(folder);
    process.kill(first.keeper, "SIGKILL");
    await until(() => log(folder).split("is up").length === 3);
    const second = pids(folder);
    expect(second.server).toBe(first.server);
    expect(second.keeper).not.toBe(first.keeper);
    await (await startUser(folder)).kill(); // its end must not take the server from the first
    await query(user.url, "select 1");
    await user.kill();
    await Promise.all([gone(second.server), gone(second.keeper)]);
  });

  it("adopts, and later stops, a server whose keeper and users were all killed", async () => {
    const folder = closedFolder();
    const user = await startUser(folder);
    const first = pids(folder);
    user.child.kill("SIGSTOP"); // it must not take a new seat in its last moment
    process.kill(first.keeper, "SIGKILL");
    await user.kill();
    expect(isAlive(first.server)).toBe(true);
    const next = await startUser(folder);
    expect(pids(folder).server).toBe(first.server);
    await next.kill();
    await gone(first.server);
  });

  it("starts the server again when it was killed under its users", async () => {
    const folder = closedFolder();
    const user = await startUser(folder);
    await query(user.url, "create table kept as select 7 as n");
    const { server, keeper } = pids(folder);
    process.kill(server, "SIGKILL");
    await until(() => starts(folder) === 2);
    expect(pids(folder).keeper).toBe(keeper);
    const other = await startUser(folder);
    expect(other.url).toBe(user.url);
    expect(await query(user.url, "select n from kept")).toEqual([{ n: 7 }]);
  });

  it("outlives what happens to the process group of the user who started it, and a SIGTERM to the keeper", async () => {
    const folder = closedFolder();
    const user = await startUser(folder);
    const { server, keeper } = pids(folder);
    const interrupted = nextLine(user.child);
    process.kill(-(user.child.pid ?? 0), "SIGINT");
    expect(await interrupted).toBe("interrupted");
    process.kill(keeper, "SIGTERM");
    const other = await startUser(folder);
    process.kill(-(user.child.pid ?? 0), "SIGKILL");
    await user.kill();
    await query(other.url, "select 1");
    await (await startUser(folder)).kill();
    expect(pids(folder)).toEqual({ server, keeper });
  });

  it("gives a fresh server to a user who comes while the last one is being stopped", async () => {
    const folder = closedFolder();
    const user = await startUser(folder);
    const { server, keeper } = pids(folder);
    process.kill(server, "SIGSTOP"); // the stop cannot end before we say so
    await user.kill();
    await until(() => log(folder).includes("stopping server"));
    const late = startUser(folder);
    await until(() => connections(folder) === 1);
    process.kill(server, "SIGCONT");
    await query((await late).url, "select 1");
    const now = pids(folder);
    expect(now.server).not.toBe(server);
    expect(now.keeper).toBe(keeper);
    expect(starts(folder)).toBe(2);
  });
});

describe("awkward paths", () => {
  it("works with spaces, quotes, commas and other letters", async () => {
    const folder = closedFolder(`a b'c"d, $e;f\\g å/db`);
    const user = await startUser(folder);
    expect(await query(user.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("puts the sockets of a long path elsewhere, and removes that folder", async () => {
    const folder = closedFolder(`${"x".repeat(120)}/${"y".repeat(120)}`);
    const user = await startUser(folder);
    const sockets = decodeURIComponent(new URL(user.url).hostname);
    expect(sockets.length).toBeLessThan(60);
    const { keeper } = pids(folder);
    process.kill(keeper, "SIGKILL");
    await until(() => log(folder).split("is up").length === 3);
    expect((await startUser(folder)).url).toBe(user.url);
    await endUsers();
    await stopped(folder);
    expect(existsSync(sockets)).toBe(false);
  });
});
