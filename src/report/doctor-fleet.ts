/** What is wrong with rows, requests and hosts. Owns what counts as wrong; asks nothing. */
import { drift, driftText, homeless, live, silent } from "../core/fleet.ts";
import type { Job } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import type { RequestRow } from "../store/request-rows.ts";
import { age, counted, secondsBetween } from "./ages.ts";
import { bad, either, type Finding, warning } from "./doctor-findings.ts";
import { ghosts } from "./ghosts.ts";
import { inline, shownName } from "./safe.ts";
import type { View } from "./view.ts";

/** Seconds after the end of a lease in which somebody should have taken over. */
const STUCK_SECONDS = 120;

/** `requests`: those that nobody is serving. */
export function examineFleet(view: View, requests: readonly RequestRow[]): Finding[] {
  return [...strays(view), ...held(view), ...stuckRows(view), ...asked(view, requests), ...hosts(view), ...fleet(view)];
}

function strays(view: View): readonly Finding[] {
  const found = ghosts(view).map(({ name }) =>
    warning("ghosts", `${shownName(name)} has a row and is in no configuration`, {
      why: "nobody runs it; if another host still has it, the two do not have the same configuration",
      fix: `crontabber reset ${shownName(name)}, if it is gone for good`,
    }),
  );
  return either(found, "ghosts", "every row has its job");
}

function held({ registry, snapshot }: View): readonly Finding[] {
  const found = inOrder(snapshot.states).flatMap(({ name, heldAt, heldReason }) =>
    heldAt && registry.byName.has(name)
      ? [
          warning("held", `${shownName(name)} is held: ${inline(heldReason ?? "until unlock")}`, {
            why: "it does not run again by itself, nor do its children",
            fix: `crontabber logs ${shownName(name)}, then unlock`,
          }),
        ]
      : [],
  );
  return either(found, "held", "no job waits for unlock");
}

function stuckRows({ snapshot }: View): readonly Finding[] {
  const found = inOrder(snapshot.states).flatMap((state) => stuck(state, snapshot.now));
  return either(found, "stuck", "no run is left without an owner");
}

function stuck({ name, ongoing, runId, host, leaseUntil, leaseSeconds }: JobState, now: Date): Finding[] {
  if (ongoing && runId === null) {
    const text = `${shownName(name)} is claimed by the Python tool for ${age(secondsBetween(ongoing, now))}`;
    const why = "it does not run here before that claim is older than max_ongoing_age_hours";
    return [warning("stuck", text, { why, fix: `if that run is gone: crontabber reset ${shownName(name)} --force` })];
  }
  if (runId === null || !leaseUntil || secondsBetween(leaseUntil, now) < Math.max(STUCK_SECONDS, leaseSeconds ?? 0)) return [];
  const text = `${shownName(name)} lost its owner (${inline(host ?? "?")}) ${age(secondsBetween(leaseUntil, now))} ago, and nobody took over`;
  return [bad("stuck", text, { why: "it and its children stand still", fix: "see that some host passes; it takes over by itself" })];
}

function asked(view: View, requests: readonly RequestRow[]): readonly Finding[] {
  const { registry, snapshot, overdueAfter } = view;
  const found = requests.flatMap(({ id, job, kind, notBefore, cancelled }) => {
    const waits = secondsBetween(notBefore, snapshot.now);
    if (cancelled || waits <= overdueAfter) return [];
    const what = `request #${id} (${kind} of ${shownName(job)}) waits for ${age(waits)}`;
    const cancel = kind === "backfill" ? `, or crontabber backfill ${shownName(job)} --cancel` : "";
    if (!registry.byName.has(job)) {
      return [warning("requests", what, { why: "no host that has this configuration knows the job", fix: `configure it again${cancel}` })];
    }
    return [
      warning("requests", what, {
        why: "whoever asked for it believes that it is on its way",
        fix: `crontabber explain ${shownName(job)}${cancel}`,
      }),
    ];
  });
  return either(found, "requests", "nothing that was asked for waits long");
}

function hosts({ snapshot, hosts: all = [] }: View): readonly Finding[] {
  const { now } = snapshot;
  const [alive, gone] = [live(all, now), silent(all, now)];
  if (alive.length === 0) {
    const text = all.length === 0 ? "no host has looked yet" : "no host has looked in the last minutes: nothing runs";
    const fix = "put crontabber into system cron (* * * * *), or start crontabber daemon";
    return [bad("hosts", text, { why: null, fix })];
  }
  const quiet = gone.map(({ label, seenAt }) =>
    warning("hosts", `${inline(label)} is silent since ${seenAt.toISOString()}`, {
      why: "what only it can run stands still",
      fix: "look after it; it is forgotten after 7 days",
    }),
  );
  const releases = [...new Set(alive.map(({ version }) => version))].sort();
  const mixed =
    releases.length > 1
      ? [
          warning("hosts", `they run different releases: ${releases.join(", ")}`, {
            why: "which of them runs a job is chance",
            fix: "finish the upgrade",
          }),
        ]
      : [];
  return either(
    [...quiet, ...mixed],
    "hosts",
    `${counted(alive.length, "host")} alive: ${alive.map(({ label }) => inline(label)).join(", ")}`,
  );
}

function fleet({ registry, snapshot, hosts: all = [] }: View): readonly Finding[] {
  const { now } = snapshot;
  const nowhere = homeless(registry.jobs, all, { now, known: true }).map(({ job, why }) =>
    bad("fleet", `${shownName(job)} runs nowhere: ${inline(why)}`, { why: null, fix: "give a host its tags, or bring such a host back" }),
  );
  const tagsOf = (name: string): Job["tags"] => registry.byName.get(name)?.tags ?? [];
  const differ = drift(all, { now, settled: 0, tagsOf }).map((one) =>
    warning("fleet", `${shownName(one.job)} is not the same everywhere: ${inline(driftText(one))}`, {
      why: "what runs depends on which host is faster",
      fix: "give all hosts the same configuration",
    }),
  );
  return either([...nowhere, ...differ], "fleet", "every job has a host, and is the same on all of them");
}

const inOrder = (states: ReadonlyMap<string, JobState>): JobState[] => [...states.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
