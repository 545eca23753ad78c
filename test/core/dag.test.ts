import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cycles, order } from "#lib/core/dag.js";

const graph = (edges: Record<string, string[]>) => Object.entries(edges).map(([name, dependsOn]) => ({ name, dependsOn }));
const names = (edges: Record<string, string[]>): string[] => order(graph(edges)).map((job) => job.name);

describe("order", () => {
  it.each<[string, Record<string, string[]>, string[]]>([
    ["nothing", {}, []],
    ["no dependencies: alphabetical", { c: [], a: [], b: [] }, ["a", "b", "c"]],
    ["code units, not a locale: capitals first", { b: [], a: [], B: [], ä: [], z: [] }, ["B", "a", "b", "z", "ä"]],
    ["parents first", { a: ["z"], z: [] }, ["z", "a"]],
    ["a job stands below its deepest parent", { a: ["b", "d"], b: [], c: ["b"], d: ["c"] }, ["b", "c", "d", "a"]],
    ["levels are alphabetical inside", { y: ["r"], x: ["r"], r: [], m: ["x"], b: ["y"] }, ["r", "x", "y", "b", "m"]],
    ["every job may have a parent: unknown ones do not count", { a: ["elsewhere"], b: ["a"] }, ["a", "b"]],
    ["a parent named twice counts once", { a: ["b", "b"], b: [] }, ["b", "a"]],
    ["cycles, and what stands behind them, are left out", { a: ["b"], b: ["a"], c: ["a"], d: [] }, ["d"]],
  ])("%s", (_, edges, expected) => expect(names(edges)).toEqual(expected));

  it("does not depend on the order of the input, and puts every parent before its children", () => {
    fc.assert(
      fc.property(acyclic(), (jobs) => {
        const sorted = order(jobs).map((job) => job.name);
        expect(sorted).toHaveLength(jobs.length);
        expect(order([...jobs].reverse()).map((job) => job.name)).toEqual(sorted);
        for (const { name, dependsOn } of jobs)
          for (const parent of dependsOn) expect(sorted.indexOf(parent)).toBeLessThan(sorted.indexOf(name));
        expect(cycles(jobs)).toEqual([]);
      }),
    );
  });

  it("manages a chain of ten thousand", () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => ({ name: `j${i}`, dependsOn: i === 0 ? [] : [`j${i - 1}`] }));
    expect(order(chain.reverse())[9_999]?.name).toBe("j9999");
  });
});

describe("cycles", () => {
  it.each<[string, Record<string, string[]>, string[][]]>([
    ["none", { a: ["b"], b: [] }, []],
    ["a job on itself", { a: ["a"] }, [["a", "a"]]],
    ["two", { b: ["a"], a: ["b"] }, [["a", "b", "a"]]],
    ["three, named in full, each depends on the next", { c: ["a"], a: ["b"], b: ["c"] }, [["a", "b", "c", "a"]]],
    ["what stands behind a cycle is not part of it", { a: ["b"], b: ["a"], z: ["a"] }, [["a", "b", "a"]]],
    [
      "two cycles",
      { a: ["b"], b: ["a"], x: ["y"], y: ["x"] },
      [
        ["a", "b", "a"],
        ["x", "y", "x"],
      ],
    ],
    [
      "of a knot, every member is named",
      { a: ["b"], b: ["a", "c"], c: ["b"] },
      [
        ["a", "b", "a"],
        ["c", "b", "c"],
      ],
    ],
    [
      "the shortest way round",
      { a: ["b", "c"], b: ["c"], c: ["a"] },
      [
        ["a", "c", "a"],
        ["b", "c", "a", "b"],
      ],
    ],
  ])("%s", (_, edges, expected) => expect(cycles(graph(edges))).toEqual(expected));

  it("are real, and there is one exactly if something cannot be ordered", () => {
    const any = fc.array(fc.tuple(fc.nat(7), fc.array(fc.nat(7), { maxLength: 3 })), { maxLength: 8 });
    fc.assert(
      fc.property(any, (rows) => {
        const jobs = graph(Object.fromEntries(rows.map(([name, parents]) => [`j${name}`, parents.map((p) => `j${p}`)])));
        const found = cycles(jobs);
        expect(found.length > 0).toBe(order(jobs).length < jobs.length);
        for (const cycle of found) {
          for (const [i, name] of cycle.slice(0, -1).entries()) {
            expect(jobs.find((job) => job.name === name)?.dependsOn).toContain(cycle[i + 1]);
          }
          expect(cycle.at(-1)).toBe(cycle[0]);
        }
      }),
    );
  });
});

function acyclic() {
  const parents = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 20 });
  return parents.map((rows) => {
    const name = (i: number): string => `job-${(i * 7) % 20}`;
    return rows.map((row, i) => ({ name: name(i), dependsOn: row.filter((p) => p < i).map(name) }));
  });
}
