/**
 * A real systemd as the first process of namespaces of its own, in a control group of its own, with no units but those it is given. Owns all
 * of these; touches nothing of the machine outside. Needs root and a cgroup2 file system that may be written.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childrenOf, until } from "./processes.ts";

const SYSTEMD = "/lib/systemd/systemd";
const ROOTS = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/** Nothing but what the unit names runs in here. */
const TARGET = "[Unit]\nDefaultDependencies=no\n";

/** `$1`: the control group, `$2`: the folder of units. */
const BECOME = `set -e
echo $$ >"$1/cgroup.procs"
exec unshare --mount --pid --fork --kill-child=KILL --mount-proc --propagation private --cgroup --uts --ipc sh -c '
set -e
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
export container=docker SYSTEMD_UNIT_PATH="$1" SYSTEMD_GENERATOR_PATH=/nonexistent SYSTEMD_PROC_CMDLINE=systemd.unified_cgroup_hierarchy=1
exec ${SYSTEMD} --system --unit=here.target --log-target=console --show-status=0 </dev/null' sh "$2"`;

export class Systemd {
  readonly #group: string;
  readonly #child: ChildProcess;
  #first = 0;

  private constructor(group: string, child: ChildProcess) {
    this.#group = group;
    this.#child = child;
  }

  /** Null: this machine does not allow it. `folder`: of units; it becomes systemd's only one. */
  static async start(folder: string): Promise<Systemd | null> {
    const root = ROOTS.find((path) => existsSync(join(path, "cgroup.procs")));
    if (process.getuid?.() !== 0 || !existsSync(SYSTEMD) || !root) return null;
    const group = join(root, `crontabber-test-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      return null; // a sandbox whose control groups are read-only
    }
    writeFileSync(join(folder, "here.target"), TARGET);
    const child = spawn("sh", ["-c", BECOME, "sh", group, folder], { stdio: "ignore" });
    const systemd = new Systemd(group, child);
    const up = () => {
      systemd.#first = childrenOf(child.pid ?? 0)[0] ?? 0;
      return child.exitCode !== null || (systemd.#first > 0 && systemd.#control("is-active", "here.target") === "active");
    };
    await until("systemd is up, or not to be had", up, 20).catch(() => {}); // asked below
    if (child.exitCode === null && systemd.#control("is-active", "here.target") === "active") return systemd;
    await systemd.close();
    return null;
  }

  /** `systemctl …`. Throws what it says when it fails. */
  control(...args: readonly string[]): string {
    return execFileSync("nsenter", this.#inside("systemctl", ...args), { encoding: "utf8", timeout: 60_000, stdio: "pipe" }).trim();
  }

  /** One property of a unit, as text. */
  show(unit: string, property: string): string {
    return this.control("show", unit, "-p", property, "--value");
  }

  /** A signal to a process by the id it has in there. */
  kill(signal: string, pid: string): void {
    execFileSync("nsenter", this.#inside("kill", `-${signal}`, pid), { stdio: "pipe" });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // The first process of a namespace takes everything in it along.
      if (this.#first > 0) process.kill(this.#first, "SIGKILL");
      this.#child.kill("SIGKILL");
      await once(this.#child, "exit");
    }
    await until("its control group is empty", () => removed(this.#group));
  }

  /** The same, as a question: empty when there is no answer. */
  #control(...args: readonly string[]): string {
    return spawnSync("nsenter", this.#inside("systemctl", ...args), { encoding: "utf8", timeout: 5_000 }).stdout?.trim() ?? "";
  }

  #inside(...command: readonly string[]): string[] {
    return ["-t", String(this.#first), "-m", "-p", "-C", "-u", "-i", ...command];
  }
}

function removed(group: string): boolean {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true })) if (entry.isDirectory()) removed(join(group, entry.name));
    rmdirSync(group);
    return true;
  } catch {
    return !existsSync(group); // its last process has not been reaped yet
  }
}
