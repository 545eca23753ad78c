/** `npm start`, which everybody tries first: it finds a place for its page, says where, and leaves nothing behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { until } from "../helpers/processes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let neighbour: Server | undefined;
let demo: ChildProcess | undefined;

afterEach(async () => {
  if (demo?.exitCode === null) {
    demo.kill("SIGTERM");
    await once(demo, "exit");
  }
  neighbour?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("goes where there is room when somebody else is at 8484, says where, and ends with its database", async () => {
  folder = mkdtempSync(join(tmpdir(), "crontabber-demo-"));
  for (const part of ["scripts", "jobs", "config.example.ini"]) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  for (const part of ["dist", "node_modules"]) symlinkSync(join(ROOT, part), join(folder, part));
  const taken = createServer().listen(8484, "127.0.0.1");
  neighbour = taken;
  await once(taken, "listening").catch(() => {}); // taken by somebody else: as good

  let told = "";
  demo = spawn(process.execPath, ["scripts/demo.mjs"], { cwd: folder, env: { ...process.env, PORT: "" } });
  for (const stream of [demo.stdout, demo.stderr]) {
    stream?.on("data", (text) => {
      told += text;
    });
  }
  const page = () => /The page: +(http:\/\/127\.0\.0\.1:\d+\/)/.exec(told)?.[1];
  await until("it says where its page is, or has ended", () => page() !== undefined || demo?.exitCode !== null);
  expect(page(), told).not.toBeUndefined();
  expect(page()).not.toContain(":8484/");
  expect(await (await fetch(String(page()))).text()).toContain("announce");

  demo.kill("SIGTERM");
  const [code] = await once(demo, "exit");
  expect({ code, told }).toMatchObject({ code: 0 });
  await until("its database has stopped", () => !existsSync(join(folder, ".demo/postgres/postmaster.pid")));
});
