import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { platformPackage } from "#lib/store/embedded-binaries.js";
import {
  closedFolder,
  endUsers,
  everybodysLibrary,
  installIn,
  isRoot,
  NOBODY,
  PACKAGE,
  pids,
  query,
  removeFolders,
  starts,
  startUser,
  stopped,
} from "../helpers/embedded.ts";

afterEach(endUsers);
afterAll(removeFolders);

const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8");
const uidOf = (pid: number) => statSync(`/proc/${pid}`).uid;

describe.skipIf(!isRoot)("as root", () => {
  it("runs as an unprivileged user, from a program and with data that only root can reach", async () => {
    const folder = closedFolder();
    const app = join(dirname(folder), "app");
    const user = await startUser(folder, { library: installIn(app) });
    expect(await query(user.url, "select 1 as one")).toEqual([{ one: 1 }]);
    const { server } = pids(folder);
    if (existsSync(PACKAGE)) expect(commandOf(server)).toContain(app);
    expect(uidOf(server)).not.toBe(0);
    const [capabilities] = /(?<=^CapBnd:\s*)\w+/m.exec(readFileSync(`/proc/${server}/status`, "utf8")) ?? [];
    expect(["0000000000000002", "0000000000000004"]).toContain(capabilities);
  });

  it("has no special power where the folder is reachable without", async () => {
    const folder = closedFolder();
    spawnSync("chmod", ["755", dirname(folder)]);
    await startUser(folder, { library: everybodysLibrary() });
    expect(readFileSync(`/proc/${pids(folder).server}/status`, "utf8")).toMatch(/CapPrm:\s*0000000000000000\n/);
  });

  it.skipIf(spawnSync("unshare", ["--user", "--map-root-user", "true"]).status !== 0)(
    "works for a root that is alone in a user namespace",
    async () => {
      const folder = closedFolder();
      const user = await startUser(folder, { prefix: ["unshare", "--user", "--map-root-user"] });
      await user.kill();
      await stopped(folder);
      const { url } = await startUser(folder); // and the same folder for a real root
      expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    },
  );

  it("shares an ordinary user's database with that user, whoever was first", async () => {
    const folder = closedFolder("db", NOBODY);
    mkdirSync(folder);
    spawnSync("chown", [String(NOBODY), folder]);
    const first = await startUser(folder, { library: everybodysLibrary() });
    expect((await startUser(folder, { uid: NOBODY })).url).toBe(first.url);
    expect(starts(folder)).toBe(1);
    expect(uidOf(pids(folder).keeper)).toBe(NOBODY);
  });

  it("tells an ordinary user that the folder is somebody else's", async () => {
    const folder = closedFolder();
    spawnSync("chmod", ["755", dirname(folder)]);
    await startUser(folder);
    await expect(startUser(folder, { uid: NOBODY })).rejects.toThrow(/StoreError: .*belongs to another user/);
  });
});

describe("as an ordinary user", () => {
  const uid = isRoot ? { uid: NOBODY } : {};

  it("works in a folder of that user's own", async () => {
    const folder = closedFolder("db", uid.uid);
    const user = await startUser(folder, { ...uid, env: { HOME: dirname(folder) } });
    expect(await query(user.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(uidOf(pids(folder).server)).toBe(uid.uid ?? process.getuid?.());
  });

  it("says so where no folder can be made", async () => {
    const folder = closedFolder("db", uid.uid);
    const closed = join(dirname(folder), "closed");
    mkdirSync(closed, { mode: 0o500 });
    if (uid.uid) spawnSync("chown", [String(NOBODY), closed]);
    await expect(startUser(join(closed, "db"), uid)).rejects.toThrow(/StoreError: .*could not be started.*EACCES/s);
  });

  it("needs no program of the system: neither flock nor PATH", async () => {
    const folder = closedFolder("db", uid.uid);
    const users = await Promise.all([1, 2, 3].map(() => startUser(folder, { ...uid, env: { PATH: "/nonexistent" } })));
    expect(new Set(users.map((user) => user.url)).size).toBe(1);
    expect(starts(folder)).toBe(1);
  });
});

describe.skipIf(!existsSync(PACKAGE))("the platform package", () => {
  it("works when install scripts were blocked and it cannot be written to", async () => {
    const folder = closedFolder();
    const app = join(dirname(folder), "app");
    const library = installIn(app);
    const native = join(app, "node_modules", platformPackage(), "native");
    const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as { target: string }[];
    for (const { target } of links) rmSync(join(native, "..", target), { force: true });
    const before = readdirSync(join(native, "lib"));
    if (isRoot) spawnSync("chmod", ["755", dirname(folder)]); // an ordinary uid, to which the package is read-only
    const { url } = await startUser(folder, { library });
    expect(await query(url, "select split_part(version(), '.', 1) as version")).toEqual([
      { version: expect.stringContaining("PostgreSQL") },
    ]);
    expect(readdirSync(join(native, "lib"))).toEqual(before);
    expect(commandOf(pids(folder).server)).toContain(join(folder, ".crontabber-bin", "bin", "postgres"));
  });

  it.skipIf(!existsSync("/usr/lib/postgresql"))("is replaced by the system's PostgreSQL when it was left out", async () => {
    const folder = closedFolder();
    const app = join(dirname(folder), "app");
    const library = installIn(app);
    rmSync(join(app, "node_modules"), { recursive: true });
    await startUser(folder, { library });
    expect(commandOf(pids(folder).server)).toContain("/usr/lib/postgresql/");
  });
});
