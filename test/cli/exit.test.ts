import { expect, it } from "vitest";
import { type JobEnd, type PassFacts, passExit } from "#lib/cli/exit.js";
import type { Reason } from "#lib/core/plan.js";

const ran: JobEnd = { ran: 1, failed: false, why: null };
const failed: JobEnd = { ran: 1, failed: true, why: null };
const not = (why: Reason): JobEnd => ({ ran: 0, failed: false, why });
const silent: JobEnd = { ran: 0, failed: false, why: null };

const plain = (over: Partial<PassFacts>): PassFacts => ({
  ...{ named: false, broken: false, signalled: null, cut: false, spooled: false, jobs: [] },
  ...over,
});
const named = (job: JobEnd, over: Partial<PassFacts> = {}): PassFacts => plain({ named: true, jobs: [job], ...over });

it.each<[number, string, PassFacts]>([
  [0, "nothing is configured", plain({})],
  [0, "nothing was due", plain({ jobs: [not("not-yet"), not("dependency-failed"), not("paused"), not("held")] })],
  [0, "everything due ran", plain({ jobs: [ran, not("not-yet")] })],
  [0, "a job failed in a plain pass", plain({ jobs: [failed, ran] })],
  [2, "a due job's row was locked", plain({ jobs: [not("locked"), not("not-yet")] })],
  [3, "a due job is running elsewhere", plain({ jobs: [not("ongoing"), not("not-yet")] })],
  [3, "one is running, another locked", plain({ jobs: [not("locked"), not("ongoing")] })],
  [0, "one is running elsewhere, but something ran", plain({ jobs: [not("ongoing"), ran] })],
  [0, "one is locked, but something ran, and failed", plain({ jobs: [not("locked"), failed] })],
  [0, "a parent that is running blocks: nothing of this pass is running itself", plain({ jobs: [not("dependency-ongoing")] })],
  [
    78,
    "modules cannot be imported, whatever else",
    plain({ broken: true, spooled: true, signalled: "SIGTERM", cut: true, jobs: [failed] }),
  ],
  [143, "SIGTERM cut runs short", plain({ signalled: "SIGTERM", cut: true, jobs: [failed] })],
  [130, "SIGINT cut runs short, and the database was gone", plain({ signalled: "SIGINT", cut: true, spooled: true, jobs: [failed] })],
  [0, "signalled, but the runs ended by themselves", plain({ signalled: "SIGTERM", jobs: [ran, silent] })],
  [0, "signalled before anything was due", plain({ signalled: "SIGINT", jobs: [not("not-yet")] })],
  [69, "an outcome could not be written", plain({ spooled: true, jobs: [failed] })],
  [0, "a named job succeeded", named(ran)],
  [1, "a named job failed", named(failed)],
  [1, "a named job failed while the process was asked to end", named(failed, { signalled: "SIGTERM" })],
  [2, "a named job's row is locked", named(not("locked"))],
  [3, "a named job is running elsewhere", named(not("ongoing"))],
  ...(["not-yet", "paused", "disabled", "held", "wrong-host", "limit"] as const).map((why): [number, string, PassFacts] => [
    4,
    `a named job is not run: ${why}`,
    named(not(why)),
  ]),
  ...(["dependency-never-ran", "dependency-failed", "dependency-ongoing", "dependency-stale"] as const).map(
    (why): [number, string, PassFacts] => [4, `a named job is blocked: ${why}`, named(not(why))],
  ),
  [4, "a named job did not run and nobody said why", named(silent)],
  [143, "a named job was kept from starting by a signal", named(silent, { signalled: "SIGTERM" })],
  [130, "a named job was interrupted", named(failed, { signalled: "SIGINT", cut: true })],
  [69, "a named job's outcome could not be written", named(failed, { spooled: true })],
  [78, "a named job ran, but other modules are broken", named(ran, { broken: true })],
])("%i: %s", (code, _, facts) => {
  expect(passExit(facts)).toBe(code);
});
