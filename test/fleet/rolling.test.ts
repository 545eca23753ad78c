/** Deploys under load: hosts replaced one after the other, releases switched under running daemons. Nothing is killed, lost, doubled or mixed. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { check } from "../faults/checker.ts";
import type { Evidence } from "../faults/evidence.ts";
import { until } from "../helpers/processes.ts";
import { iniOf, LOAD } from "./rolling/load.ts";
import { type Daemon, HOSTS, PATIENCE, Rolling } from "./rolling/site.ts";

/** Milliseconds. */
const LIMIT = 400_000;

let fleet: Rolling;
beforeEach(async () => {
  fleet = await Rolling.open();
});
afterEach(() => fleet?.close());

/** Every promise holds, and no run ended but by itself and well. */
function unharmed(evidence: Evidence): void {
  expect(check(evidence)).toEqual([]);
  expect(evidence.runs.filter(({ outcome }) => outcome !== "succeeded" && outcome !== null)).toEqual([]);
  // A deploy under which nothing happened proves nothing.
  expect(evidence.runs.length).toBeGreaterThan(3 * LOAD.length);
}

/** Configuration and code of one release; the fourth is code alone, in the third's folder. */
function isWhole(releases: string): boolean {
  const [configured = "", begun = "", late = ""] = releases.split(".");
  return (begun === configured || `${configured}${begun}` === "34") && (late === configured || late === "-");
}

it(
  "a rolling deploy, twice: each new daemon works before the old one drains, and passes go on beside them",
  async () => {
    const works = (host: string, folder: string) => {
      const daemon = fleet.daemon(host, folder);
      return daemon.said(`pass over ${LOAD.length} jobs`).then(() => daemon);
    };
    const first = fleet.install(1);
    let daemons = await Promise.all(HOSTS.map((host) => works(host, first)));
    await fleet.underLoad();
    const codes: (number | null)[] = [];
    const drained: string[] = [];
    for (const number of [2, 3]) {
      const folder = fleet.install(number);
      for (const [i, host] of HOSTS.entries()) {
        const old = daemons[i] as Daemon;
        daemons = daemons.with(i, await works(host, folder));
        old.kill("SIGTERM");
        drained.push(...(await fleet.live(old.pid)));
        const [{ code }, pass] = await Promise.all([old.ended, fleet.site.run(host, ["-c", join(folder, "crontabber.ini")])]);
        codes.push(code);
        // 2 and 3: due, and in somebody else's hands.
        expect([0, 2, 3]).toContain(pass.code);
      }
    }
    const works3 = (host: string) => fleet.words().some((word) => word.host === host && word.releases === "3.3.3");
    await until("the newest release works on both hosts", () => HOSTS.every(works3), PATIENCE);
    const { ends, evidence } = await fleet.settle(daemons);
    expect([...codes, ...ends.map(({ code }) => code)]).toEqual([0, 0, 0, 0, 0, 0]);
    unharmed(evidence);
    const outcomes = evidence.runs.filter(({ runId }) => drained.includes(runId)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(drained.map(() => "succeeded"));
    expect(drained.length).toBeGreaterThan(0);
  },
  LIMIT,
);

it(
  "a link switched to other releases under running daemons, an invalid one between them",
  async () => {
    fleet.install(1);
    fleet.switchTo(1);
    const daemons = HOSTS.map((host) => fleet.daemon(host, join(fleet.root, "current")));
    await fleet.underLoad();
    const all = (text: string, times?: number) => Promise.all(daemons.map((daemon) => daemon.said(text, times)));
    const ended = (releases: string) => fleet.words().filter((word) => word.kind === "E" && word.releases === releases);
    const works = (releases: string, names: string[] = LOAD.filter(({ kind }) => kind !== "sql").map(({ name }) => name)) =>
      until(`${releases} works`, () => names.every((name) => ended(releases).some(({ job }) => job === name)), PATIENCE);
    await works("1.1.1");

    fleet.install(2);
    fleet.switchTo(2);
    await all("the configuration was reloaded");
    await works("2.2.2");

    const bad = fleet.install(3, { spoilt: true });
    fleet.switchTo(3);
    await all("is wrong, the old one holds on");
    for (const daemon of daemons) daemon.kill("SIGHUP");
    await all("is wrong, the old one holds on", 2);
    const before = ended("2.2.2").length;
    await until("the old release goes on", () => ended("2.2.2").length >= before + 30, PATIENCE);

    // Mended in place, in one instant, in the folder that only the link leads to.
    writeFileSync(join(bad, "mended"), iniOf(fleet.release(3)));
    renameSync(join(bad, "mended"), join(bad, "crontabber.ini"));
    await all("the configuration was reloaded", 2);
    await works("3.3.3");

    // Code alone, file by file: whoever runs has read it already.
    writeFileSync(join(bad, "mended"), "export const CODE = 4;\n");
    renameSync(join(bad, "mended"), join(bad, "version.mjs"));
    await works("3.4.3", ["m1", "m2"]);

    for (const daemon of daemons) daemon.kill("SIGHUP");
    await all("the configuration was reloaded", 3);
    const { ends, evidence } = await fleet.settle(daemons);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    unharmed(evidence);
    const begun = new Map(fleet.words().flatMap(({ kind, runId, releases }) => (kind === "S" ? [[runId, releases]] : [])));
    const mixed = fleet
      .words()
      .filter(({ kind, runId, releases }) => kind === "E" && !releases.startsWith(begun.get(runId)?.slice(0, 3) ?? "?"));
    expect(mixed).toEqual([]);
    expect(fleet.words().filter(({ releases }) => !isWhole(releases))).toEqual([]);
  },
  LIMIT,
);
