/**
 * The one lock of an embedded database: who holds it may start, adopt and stop its server. The kernel frees it when the
 * holder ends in whatever way, so there is no stale lock to judge. Must not be given back before the server is down.
 */
import { spawnSync } from "node:child_process";
import { constants, fstatSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { codeOf, KEEPER_LOCK } from "./embedded-folder.ts";

/** open(2) of macOS and the BSDs takes the lock itself; Node does not name the flag. */
const O_EXLOCK = 0x20;

/** Takes the lock for the rest of this process' life; false when another process holds it. */
export async function takeLock(folder: string): Promise<boolean> {
  const file = join(folder, KEEPER_LOCK);
  if (process.platform !== "linux") {
    try {
      openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK, 0o600);
      return true;
    } catch (error) {
      if (codeOf(error) === "EAGAIN" || codeOf(error) === "EWOULDBLOCK") return false;
      throw error;
    }
  }
  const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  // flock(2) belongs to the open file, not to the process that asked: what this child locks stays locked with our descriptor.
  const { status } = spawnSync("flock", ["-n", "-x", "3"], { stdio: ["ignore", "ignore", "ignore", fd] });
  if (status === 0 || status === 1) return status === 0;
  return bindName(fd);
}

/** Without a flock program or on a file system without locks: an abstract socket name, which the kernel also frees by itself. */
function bindName(fd: number): Promise<boolean> {
  const { dev, ino } = fstatSync(fd);
  return new Promise((done, fail) => {
    const holder = createServer((stranger) => stranger.destroy());
    holder.once("error", (error) => (codeOf(error) === "EADDRINUSE" ? done(false) : fail(error)));
    holder.listen(`\0crontabber/${dev}/${ino}`, () => {
      holder.unref();
      done(true);
    });
  });
}
