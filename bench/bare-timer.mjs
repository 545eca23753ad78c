// The floor of lateness: a timer that starts N commands at each odd second as a daemon does at the even ones, and nothing else.
// node bare-timer.mjs N FILE
import { spawn } from "node:child_process";

const [count, file] = process.argv.slice(2);
const next = () => {
  const now = Date.now();
  const at = Math.floor((now - 1000) / 2000) * 2000 + 3000;
  setTimeout(() => {
    // A timer may fire a little before its time.
    while (Date.now() < at);
    const env = { ...process.env, CRONTABBER_SLOT: new Date(at).toISOString() };
    const command = `echo "$CRONTABBER_SLOT $(date +%s%N)" >> ${file}`;
    for (let job = 0; job < Number(count); job++) spawn("/bin/sh", ["-c", command], { env, detached: true, stdio: "ignore" });
    next();
  }, at - now);
};
next();
