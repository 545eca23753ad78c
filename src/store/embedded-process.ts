/** Which process is the server of a data folder, and whether it lives. Looks at the system; starts and ends nothing. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { codeOf, PORT } from "./embedded-folder.ts";

/** What a server writes about itself into its data folder. */
export interface PostmasterNote {
  readonly pid: number;
  /** Folder of its socket. */
  readonly sockets: string;
  readonly ready: boolean;
}

/** null when there is none, or not all of it yet. */
export function readNote(folder: string): PostmasterNote | null {
  let lines: string[];
  try {
    lines = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return null; // no server, or it is just going
  }
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 1 ? { pid, sockets: lines[4] ?? "", ready: lines[7]?.trim() === "ready" } : null;
}

/** Whether the process exists and has not ended; a zombie has. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
  }
  if (process.platform !== "linux") return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false; // it ended between the two looks
  }
}

/** Whether this process is a server of this folder, and not a stranger that was given the number of a dead one. */
export function isServerOf(folder: string, pid: number): boolean {
  try {
    // Readable for everybody, unlike the working directory, which a process with capabilities hides.
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`postgres\0-D\0${folder}\0`);
  } catch {
    return false; // gone
  }
  const { stdout } = spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.includes("postgres") && stdout.includes(folder);
}

/** Whether something listens on the server's socket in this folder. */
export function listens(sockets: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(join(sockets, `.s.PGSQL.${PORT}`));
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}
