/** What follows from what hosts say of themselves; pure. */
import { describe, expect, it } from "vitest";
import { definition, drift, driftText, type Host, homeless, live, silent } from "#lib/core/fleet.js";
import { makeJob } from "../helpers/job.ts";

const now = new Date("2026-11-20T12:00:00Z");
const ago = (seconds: number): Date => new Date(now.getTime() - 1000 * seconds);

function host(label: string, { jobs = { a: "1" }, ...over }: Partial<Omit<Host, "jobs">> & { jobs?: Record<string, string> } = {}): Host {
  const entries = Object.entries(jobs);
  return {
    ...{ label, version: "1.0.0", mode: "pass", tags: [], registry: JSON.stringify(entries), registrySince: ago(86_400) },
    ...{ jobs: new Map(entries), seenAt: ago(30), gap: 60 },
    ...over,
  };
}
const labels = (hosts: readonly Host[]): string[] => hosts.map(({ label }) => label);

describe("a host is silent", () => {
  it.each([
    ["not within three minutes", { seenAt: ago(179) }, false],
    ["after three minutes", { seenAt: ago(181) }, true],
    ["not within three times of what it usually takes", { seenAt: ago(10_000), gap: 3600 }, false],
    ["after three times of it", { seenAt: ago(11_000), gap: 3600 }, true],
    ["after a day, however rare it was", { seenAt: ago(90_000), gap: 1e7 }, true],
    ["after three minutes if it looked once only", { seenAt: ago(181), gap: null }, true],
    ["not when its last look lies ahead: the database's clock was set back", { seenAt: ago(-600) }, false],
  ])("%s", (_, over, gone) => {
    const one = host("one", over);
    expect([labels(silent([one], now)), labels(live([one], now))]).toEqual(gone ? [["one"], []] : [[], ["one"]]);
  });
});

describe("drift", () => {
  const none = () => [];
  const ask = (hosts: Host[], settled = 0, tagsOf: (job: string) => string[] = none) => drift(hosts, { now, settled, tagsOf });

  it("is nothing where all live hosts agree, or there is one", () => {
    expect(ask([host("one"), host("two")])).toEqual([]);
    expect(ask([host("one")])).toEqual([]);
    expect(ask([host("one"), host("gone", { jobs: {}, seenAt: ago(9999) })])).toEqual([]);
  });

  it("names who lacks a job, and who has it otherwise", () => {
    const hosts = [
      host("one", { jobs: { a: "1", b: "1" } }),
      host("two", { jobs: { a: "1" } }),
      host("three", { jobs: { a: "2", b: "1" } }),
    ];
    const found = ask(hosts);
    expect(found).toEqual([
      { job: "a", missing: [], groups: [["one", "two"], ["three"]] },
      { job: "b", missing: ["two"], groups: [["one", "three"]] },
    ]);
    expect(found.map(driftText)).toEqual(["different: one, two | three", "missing on two"]);
  });

  it("does not miss a job on a host that does not carry its tags", () => {
    const hosts = [host("one", { jobs: { a: "1", gpu: "1" }, tags: ["gpu"] }), host("two")];
    expect(ask(hosts, 0, (job) => (job === "gpu" ? ["gpu"] : []))).toEqual([]);
    expect(ask(hosts)).toEqual([{ job: "gpu", missing: ["two"], groups: [["one"]] }]);
  });

  it("waits until a change has had its time to reach everybody", () => {
    const hosts = [host("one"), host("two", { jobs: {}, registrySince: ago(300) })];
    expect(ask(hosts, 600)).toEqual([]);
    expect(ask(hosts, 200)).toHaveLength(1);
  });
});

describe("a job without a host", () => {
  const gpu = makeJob({ name: "gpu", tags: ["gpu", "big"] });
  const plain = makeJob({ name: "a" });
  const knows = { gpu: "1", a: "1" };

  it.each([
    ["none while somebody carries all of its tags", [host("one", { jobs: knows }), host("two", { jobs: knows, tags: ["big", "gpu"] })], []],
    ["where nobody carries them all", [host("one", { jobs: knows, tags: ["gpu"] })], [["gpu", "no live host carries gpu, big"]]],
    [
      "where who carries them is silent",
      [host("one", { jobs: knows }), host("two", { jobs: knows, tags: ["big", "gpu"], seenAt: ago(999) })],
      [["gpu", "no live host carries gpu, big"]],
    ],
    [
      "where who carries them does not know it",
      [host("one", { jobs: { a: "1" }, tags: ["big", "gpu"] })],
      [["gpu", "no live host with its tags has it yet"]],
    ],
    ["nobody is judged while no host is live", [host("one", { jobs: {}, seenAt: ago(999) })], []],
  ])("%s", (_, hosts, found) => {
    expect(homeless([plain, gpu], hosts, { now, known: true }).map(({ job, why }) => [job, why])).toEqual(found);
  });

  it("unless its host has only not read the file again, where that does not matter", () => {
    expect(homeless([plain], [host("one", { jobs: {} })], { now, known: false })).toEqual([]);
    expect(homeless([plain], [host("one", { jobs: {} })], { now, known: true })).toMatchObject([{ why: "no live host has it yet" }]);
  });

  it("never one that is disabled", () => {
    expect(homeless([makeJob({ name: "gpu", tags: ["x"], enabled: false })], [host("one")], { now, known: true })).toEqual([]);
  });
});

describe("a definition", () => {
  const job = makeJob({ name: "a", options: { x: 1, y: 2 }, env: { A: "1", B: "2" } });
  it("is the same wherever the files are installed, and in whatever order they are written", () => {
    const elsewhere = { ...job, cwd: "/opt/x", origin: { file: "/b.ini", line: 9 }, options: { y: 2, x: 1 }, env: { B: "2", A: "1" } };
    expect(definition(elsewhere)).toBe(definition(job));
  });
  it.each([
    ["schedule", makeJob({ name: "a", schedule: "2h" }).schedule],
    ["dependsOn", ["p"]],
    ["command", "false"],
    ["options", { x: 1, y: 3 }],
    ["locks", ["l"]],
    ["tags", ["t"]],
    ["timeout", 5],
    ["enabled", false],
  ])("is another with another %s", (key, value) => {
    expect(definition({ ...job, [key]: value })).not.toBe(definition(job));
  });
});
