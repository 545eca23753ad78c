import { describe, expect, it } from "vitest";
import { place } from "#lib/core/lot.js";

const fleet = Array.from({ length: 20 }, (_, n) => ({ label: `host-${n}`, tags: n < 5 ? ["gpu"] : [] }));
const places = (key: string, tags: string[] = []) =>
  fleet.filter((host) => tags.every((tag) => host.tags.includes(tag))).map(({ label }) => place(label, fleet, { key, tags }));

describe("the lot", () => {
  it("gives each host a place of its own, for each slot", () => {
    for (const key of ["a 1", "a 2", "b 1"]) expect(places(key).sort((a, b) => a - b)).toEqual(fleet.map((_, n) => n));
  });

  it("is among those that carry the job's tags", () => {
    expect(places("a 1", ["gpu"]).sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it("lets each host go first about as often, however alike the slots are", () => {
    const first = Array.from({ length: 2000 }, (_, slot) => places(`tick ${1_700_000_000_000 + slot * 1000}`).indexOf(0));
    for (const host of fleet.keys()) expect(first.filter((one) => one === host).length).toBeGreaterThan(50);
  });

  it("puts a host first that knows of nobody, itself included", () => {
    expect(place("alone", [], { key: "a 1", tags: [] })).toBe(0);
  });
});
