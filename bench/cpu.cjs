// Preloaded into what is measured: tells, on descriptor 3, the milliseconds of processor time it took. Unlike the clock, it hardly minds a busy machine.
const { writeSync } = require("node:fs");

process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  writeSync(3, String((user + system) / 1000));
});
