/** What happens to hosts: a human's reset, and time. */
import type { Actor } from "./actor.ts";
import { expired } from "./look.ts";
import type { Stage } from "./stage.ts";

export function resetter(stage: Stage, name: string, force: boolean): void {
  const process = stage.process("human");
  stage.spawn(process, "human", async (_, db) => {
    db.deed = { kind: "reset", runId: null };
    await process.store.reset({ name, force });
  });
}

/**
 * Live leases run out. `passes`: time itself went by, so every owner gave its run up before. `jumps`: only the database's clock did,
 * and nobody else knows.
 */
export function time(stage: Stage, how: "passes" | "jumps", times = 1): void {
  const { lines, schema } = stage.setting;
  const process = stage.process(`time ${how}`);
  const live = () => [...stage.seen.rows.values()].some((row) => row.run_id !== null && !expired(row));
  // What somebody holds locked is being renewed, recorded or taken over at this very moment.
  const expire = `UPDATE ${schema}.crontabber SET lease_until = clock_timestamp() - interval '1 hour'
    WHERE app_name IN (SELECT app_name FROM ${schema}.crontabber WHERE run_id IS NOT NULL FOR UPDATE SKIP LOCKED) RETURNING run_id`;
  const program = async (actor: Actor) => {
    for (let i = 0; i < times; i++) {
      await actor.stop(how, { open: live });
      const { rows } = await lines.ask(expire);
      stage.deeds.push({ kind: "time", runId: null });
      stage.dirty = true;
      if (how === "passes") for (const row of rows) await stage.distrust(String(row.run_id));
    }
  };
  stage.spawn(process, `time ${how}`, program, true);
}
