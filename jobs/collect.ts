/** Measures this host: load, memory and disk, one row a slot. A module job with a database of its own at hand. */
import { statfs } from "node:fs/promises";
import { cpus, freemem, hostname, loadavg, totalmem } from "node:os";
import { defineJob } from "crontabber";

export const Collect = defineJob({
  dependsOn: "prepare",
  timeout: "20s",
  description: "load, memory and disk of this host",
  options: { path: "/" },
  async run(ctx) {
    const disk = await statfs(String(ctx.options.path));
    const load = (loadavg()[0] ?? 0) / cpus().length;
    const memory = 1 - freemem() / totalmem();
    const full = 1 - disk.bavail / disk.blocks;
    // The slot, not the clock, names the row: a second attempt for the same slot writes the same row again.
    await ctx.db.query(
      `INSERT INTO demo_measurement (host, slot, load, memory, disk) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (host, slot) DO UPDATE SET load = excluded.load, memory = excluded.memory, disk = excluded.disk`,
      [hostname(), ctx.slot, load, memory, full],
    );
    ctx.log.info({ load, memory, disk: full }, "measured");
    return { load: round(load), memory: round(memory), disk: round(full), missed: ctx.missed };
  },
});

const round = (share: number): number => Math.round(share * 1000) / 1000;
