/** What systemd would hear: a real datagram socket, read by a child, for Node has none of the unix kind. Owns the child and the socket. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { until } from "./processes.ts";

export const hasNotify = existsSync("/usr/bin/systemd-notify") && existsSync("/usr/bin/perl");

/** One line for each datagram, its lines joined by tabs. */
const READER = `$| = 1;
socket(S, PF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un($ARGV[0])) or die $!;
while (defined recv(S, my $told, 65536, 0)) { $told =~ s/\\n/\\t/g; print "$told\\n"; }`;

export interface Ear {
  readonly socket: string;
  /** Every datagram so far, in order; what systemd-notify adds for itself left out. */
  readonly heard: string[][];
  /** How often a word came. */
  count(word: string): number;
  close(): Promise<void>;
}

/** The socket is in `folder`. */
export async function listenForNotices(folder: string): Promise<Ear> {
  const socket = join(folder, "notify");
  const child = spawn("/usr/bin/perl", ["-MSocket", "-e", READER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  const heard: string[][] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const words = line.split("\t").filter((word) => word !== "" && word !== "BARRIER=1");
    if (words.length > 0) heard.push(words);
  });
  await until("the socket is there", () => existsSync(socket));
  return {
    socket,
    heard,
    count: (word) => heard.filter((words) => words.includes(word)).length,
    close: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}
