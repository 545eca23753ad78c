/** A network of its own for a host, where this machine lets root make one: a namespace with one cable to ours. Owns both, and takes them away. */
import { spawnSync } from "node:child_process";

export interface Namespace {
  /** Our end of the cable: where the host finds its proxy. */
  readonly gateway: string;
  /** What stands before a command that is to run inside. */
  readonly enter: readonly string[];
  /** Nothing gets through any more, and nobody is told; what was open goes on when it is plugged in again in time. */
  unplug(): void;
  plug(): void;
  close(): void;
}

const ip = (...args: string[]): boolean => spawnSync("ip", args, { stdio: "ignore" }).status === 0;

let made = 0;

/** Null: not root, no `ip`, or not allowed here. Addresses are of the range for benchmarks (RFC 2544), which nobody routes. */
export function makeNamespace(): Namespace | null {
  if (process.getuid?.() !== 0 || process.platform !== "linux") return null;
  made += 1;
  const name = `ct-${process.pid}-${made}`;
  const [ours, theirs] = [`ct${process.pid % 100_000}o${made}`, `ct${process.pid % 100_000}i${made}`];
  const net = `198.${18 + (process.pid & 1)}.${(process.pid >> 1) & 255}`;
  const [gateway, inside] = [`${net}.${4 * made + 1}`, `${net}.${4 * made + 2}`];
  const close = () => {
    ip("link", "del", ours);
    ip("netns", "del", name);
  };
  const there =
    ip("netns", "add", name) &&
    ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name) &&
    ip("addr", "add", `${gateway}/30`, "dev", ours) &&
    ip("link", "set", ours, "up") &&
    ip("-n", name, "addr", "add", `${inside}/30`, "dev", theirs) &&
    ip("-n", name, "link", "set", theirs, "up") &&
    ip("-n", name, "link", "set", "lo", "up");
  if (!there) {
    close();
    return null;
  }
  return {
    gateway,
    enter: ["ip", "netns", "exec", name],
    unplug: () => void ip("link", "set", ours, "down"),
    plug: () => void ip("link", "set", ours, "up"),
    close,
  };
}
