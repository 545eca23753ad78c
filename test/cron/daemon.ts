/**
 * A real system cron, Debian's, in a mount and a process namespace of its own: its own crontab, spool, pid file, sendmail and syslog. Owns
 * the namespace and its folder; touches nothing of the machine outside. Needs root.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { faketime } from "../faults/host.ts";
import { until } from "../helpers/processes.ts";

const CRON = "/usr/sbin/cron";
export const hasCron = existsSync(CRON) && existsSync("/usr/bin/perl") && process.getuid?.() === 0;

/** Mounts over what cron reads and writes, then becomes cron; `$1` is the folder. What is mounted here ends with the last process in here. */
const NAMESPACE = `set -e
for each in null zero full random urandom tty; do : >"$1/dev/$each"; mount --bind "/dev/$each" "$1/dev/$each"; done
ln -s /proc/self/fd "$1/dev/fd"
mount --bind "$1/shm" "$1/dev/shm"
mount --bind "$1/dev" /dev
mount --bind "$1/spool" /var/spool/cron
mount --bind "$1/crontab" /etc/crontab
mount --bind "$1/cron.d" /etc/cron.d
mount --bind "$1/run" /run
mount -t overlay overlay -o "lowerdir=$1/sbin:/usr/sbin" /usr/sbin
exec env $2 ${CRON} -f -L 15`;

/** One whole mail to a file; its name appears when it is whole. */
const sendmail = (folder: string): string => `#!/bin/sh
mail=$(mktemp '${folder}/tmp/XXXXXXXX') && cat >"$mail" && mv "$mail" '${folder}/mail/'
`;

const SYSLOG = `$| = 1;
socket(S, PF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un($ARGV[0])) or die $!;
while (defined recv(S, my $line, 65536, 0)) { print "$line\\n"; }`;

export interface CronOptions {
  /** A folder of its own, empty. */
  readonly folder: string;
  /** root's crontab. */
  readonly crontab: string;
  /** How many times faster than the machine's its clock goes; its jobs have the machine's. */
  readonly speed: number;
}

export class CronDaemon {
  /** What it told syslog. */
  readonly log: string[] = [];
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start({ folder, crontab, speed }: CronOptions): Promise<CronDaemon> {
    for (const name of ["dev/shm", "spool/crontabs", "cron.d", "run", "shm", "sbin", "mail", "tmp"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    writeFileSync(join(folder, "spool/crontabs/root"), crontab, { mode: 0o600 });
    writeFileSync(join(folder, "crontab"), "");
    writeFileSync(join(folder, "sbin/sendmail"), sendmail(folder), { mode: 0o755 });
    const daemon = new CronDaemon(folder);
    await daemon.#listen();
    const library = speed === 1 ? null : faketime();
    if (speed !== 1 && !library) throw new Error("libfaketime is not installed: only the machine's own speed is to be had");
    const clock = library ? `LD_PRELOAD=${library} 'FAKETIME=+0 x${speed}'` : "";
    daemon.#run("unshare", [
      ...["--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--propagation", "private"],
      ...["sh", "-c", NAMESPACE.replace("$2", clock), "sh", folder],
    ]);
    await until("cron runs", () => daemon.log.some((line) => line.includes("@reboot")), 15);
    return daemon;
  }

  /** Each mail as cron handed it to sendmail: subject and body. */
  mails(): { readonly subject: string; readonly body: string }[] {
    return readdirSync(join(this.#folder, "mail")).map((name) => {
      const [head = "", ...body] = readFileSync(join(this.#folder, "mail", name), "utf8").split("\n\n");
      return { subject: /^Subject: (.*)$/m.exec(head)?.[1] ?? "", body: body.join("\n\n") };
    });
  }

  /** How many passes it has started. */
  get begun(): number {
    return this.log.filter((line) => line.includes(") CMD (")).length;
  }

  /** How many of its jobs have ended with which exit code. */
  codes(): Record<string, number> {
    const failed = this.log.flatMap((line) => /failed with exit status (\d+)/.exec(line)?.[1] ?? []);
    const ended = this.log.filter((line) => line.includes(") END (")).length;
    const counts: Record<string, number> = { 0: ended - failed.length };
    for (const code of failed) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  }

  /** Nothing more is started; what runs ends by itself. */
  async rest(): Promise<void> {
    // A crontab without lines, as an operator would empty it; cron looks at it each minute.
    writeFileSync(join(this.#folder, "tmp/root"), "# resting\n", { mode: 0o600 });
    renameSync(join(this.#folder, "tmp/root"), join(this.#folder, "spool/crontabs/root"));
    const ended = () => this.log.filter((line) => line.includes(") END (")).length;
    await until("cron has read its crontab again", () => this.log.some((line) => line.includes("RELOAD")), 90);
    await until("its jobs have ended", () => this.begun === ended(), 120);
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }

  async #listen(): Promise<void> {
    const socket = join(this.#folder, "dev/log");
    const child = this.#run("perl", ["-MSocket", "-e", SYSLOG, socket]);
    if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => this.log.push(line));
    await until("syslog listens", () => existsSync(socket));
  }

  #run(command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#children.push(child);
    return child;
  }
}
