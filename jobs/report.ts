/** Writes a report file from the daily roll-up. Runs after it, and only if it succeeded. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { defineJob } from "crontabber";

interface Day {
  day: string;
  host: string;
  measurements: number;
  load: number;
  memory: number;
  disk: number;
}

export const Report = defineJob({
  dependsOn: ["rollup", "collect"],
  description: "the last seven days as a Markdown file",
  options: { file: ".demo/report.md" },
  async run(ctx) {
    const file = String(ctx.options.file);
    const { rows: days } = await ctx.db.query<Day>(
      "SELECT day::text, host, measurements, load, memory, disk FROM demo_day ORDER BY day DESC, host LIMIT 7",
    );
    const { rows: fresh } = await ctx.db.query<Day>(
      `SELECT 'so far' AS day, host, count(*)::int AS measurements, avg(load) AS load, avg(memory) AS memory, avg(disk) AS disk
       FROM demo_measurement WHERE slot > (SELECT coalesce(max(day) + 1, '-infinity') FROM demo_day) GROUP BY host`,
    );
    const lines = [...fresh, ...days].map(
      (d) => `| ${d.day} | ${d.host} | ${d.measurements} | ${percent(d.load)} | ${percent(d.memory)} | ${percent(d.disk)} |`,
    );
    const text = `# This fleet, as of ${ctx.slot.toISOString()}\n\n| day | host | measurements | load | memory | disk |\n|---|---|---|---|---|---|\n${lines.join("\n")}\n`;
    await mkdir(dirname(file), { recursive: true });
    // Written aside and renamed: a reader never sees half a report.
    await writeFile(`${file}.${ctx.runId}`, text);
    await rename(`${file}.${ctx.runId}`, file);
    ctx.progress(lines.length, lines.length, "rows written");
    return { file, rows: lines.length };
  },
});

const percent = (share: number | null): string => (share === null ? "-" : `${(share * 100).toFixed(1)} %`);
