/** The graph in all its forms: what a reader may rely on, whatever the shape. */
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { order } from "#lib/core/dag.js";
import type { Registry } from "#lib/core/job.js";
import { graph, graphDocument } from "#lib/report/graph.js";
import { graphDot, graphMermaid } from "#lib/report/graph-formats.js";
import { graphText } from "#lib/report/graph-text.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { fleet, UTC, view } from "./fleet.ts";

const all = { view: null, of: null };
const hasDot = spawnSync("dot", ["-V"]).status === 0;

/** `b<a` says that b depends on a. */
function registry(...edges: string[]): Registry {
  const parents = new Map<string, string[]>();
  for (const edge of edges) {
    const [name = "", ...of] = edge.split("<");
    parents.set(name, [...(parents.get(name) ?? []), ...of]);
    for (const parent of of) if (!parents.has(parent)) parents.set(parent, []);
  }
  return ordered(parents);
}

function ordered(parents: ReadonlyMap<string, readonly string[]>): Registry {
  const made = makeRegistry(...[...parents].map(([name, dependsOn]) => makeJob({ name, dependsOn })));
  return { ...made, order: order(made.jobs) };
}

const plain = (made: Registry, width = 80): string[] =>
  graphText(graph(made, all), { ...UTC, width })
    .trimEnd()
    .split("\n");

describe("text", () => {
  it("with states, as a person reads it", async () => {
    await expect(graphText(graph(fleet, { view, of: null }), UTC)).toMatchFileSnapshot("../goldens/graph.txt");
    const ascii = graphText(graph(fleet, { view, of: null }), { ...UTC, ascii: true });
    await expect(ascii).toMatchFileSnapshot("../goldens/graph-ascii.txt");
    expect(ascii).toMatch(/^[\x20-\x7e\n]+$/);
  });

  it.each<[string, Registry, string[]]>([
    ["nothing", registry(), ["No jobs are configured."]],
    ["no edges", registry("b", "a"), ["alone: a  b", "", "2 jobs, 0 dependencies"]],
    ["a chain", registry("b<a", "c<b"), ["a ──▶ b ──▶ c", "", "3 jobs, 2 dependencies"]],
    [
      "a diamond",
      registry("b<a", "c<a", "d<b<c"),
      ["a", "├─▶ b ──▶ d  (and after c)", "└─▶ c ──▶ d ↑", "", "4 jobs, 4 dependencies   ↑ shown in full above"],
    ],
    [
      "many roots",
      registry("x<a", "x<b"),
      ["a ──▶ x  (and after b)", "", "b ──▶ x ↑", "", "3 jobs, 2 dependencies   ↑ shown in full above"],
    ],
    ["a name that is a trap", registry("b\u001b[31m<a\nb"), ["a\\x0ab ──▶ b\\x1b[31m", "", "2 jobs, 1 dependency"]],
  ])("%s", (_, made, lines) => expect(plain(made)).toEqual(lines));

  it("a parent that nobody knows is shown as that", () => {
    const made = { ...makeRegistry(makeJob({ name: "a", dependsOn: ["lost"] })), unknownParents: new Set(["lost"]) };
    expect(plain(made)[0]).toBe("? lost ──▶ a");
  });

  it("of one job: what it needs and what needs it", () => {
    const made = registry("b<a", "c<b", "d<a", "e<d", "c<e", "f");
    const names = (name: string) => graph(made, { view: null, of: made.byName.get(name) ?? null }).nodes.map((node) => node.name);
    expect(names("b")).toEqual(["a", "b", "c"]);
    expect(names("c").sort()).toEqual(["a", "b", "c", "d", "e"]);
    expect(names("f")).toEqual(["f"]);
  });

  it("stays on the paper, whatever it is drawn of: 500 jobs in a chain, a ladder, a fan", () => {
    const name = (i: number) => `job-${String(i).padStart(3, "0")}`;
    const rungs = Array.from({ length: 499 }, (_, i) => i + 1);
    const shapes = {
      chain: rungs.map((i) => `${name(i)}<${name(i - 1)}`),
      ladder: rungs.map(
        (i) =>
          `${name(i)}<${[i - 1, i - 2]
            .filter((n) => n >= 0)
            .map(name)
            .join("<")}`,
      ),
      fan: rungs.map((i) => `${name(i)}<${name(0)}`),
      deep: rungs.flatMap((i) => [`${name(i)}<${name(i - 1)}`, `leaf-${i}<${name(i - 1)}`]),
    };
    for (const edges of Object.values(shapes)) {
      const lines = plain(registry(...edges), 100);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    }
  });
});

/** Random graphs without cycles: a job depends on earlier ones only. */
const dag = fc.array(fc.array(fc.nat(60), { maxLength: 3 }), { maxLength: 60 }).map((of) => {
  const names = of.map((_, i) => `j${i}`);
  return ordered(new Map(of.map((parents, i) => [`j${i}`, [...new Set(parents.filter((p) => p < i))].map((p) => names[p] as string)])));
});

it("never lies: every job stands in full once, every dependency can be read off, nothing else is said", () => {
  fc.assert(
    fc.property(dag, fc.integer({ min: 30, max: 120 }), (made, width) => {
      const lines = plain(made, width);
      const wanted = made.jobs.flatMap(({ name, dependsOn }) => dependsOn.map((parent) => `${parent}>${name}`));
      const read = readBack(lines);
      expect(read.full.sort()).toEqual(made.jobs.map(({ name }) => name).sort());
      expect([...new Set(read.edges)].sort()).toEqual(wanted.sort());
    }),
    { numRuns: 300 },
  );
});

/** What a reader takes from the drawing, without knowing how it was made. */
function readBack(lines: readonly string[]): { full: string[]; edges: string[] } {
  const [full, edges]: [string[], string[]] = [[], []];
  let at: { indent: number; name: string }[] = [];
  for (const line of lines) {
    if (/^\d+ jobs?, |^No jobs/.test(line)) break;
    if (line === "") continue;
    if (line.startsWith("alone: ") || line.startsWith("       ")) {
      if (!/[├└│]/.test(line)) {
        full.push(...(line.replace("alone: ", "").match(/j\d+/g) ?? []));
        continue;
      }
    }
    const indent = line.search(/j\d/);
    at = at.filter((one) => one.indent < indent);
    let before = at.at(-1)?.name ?? null;
    for (const part of line.slice(indent).split(" ──▶ ")) {
      const [, name = "", mark = "", , others = ""] = /^(j\d+)( [↑↓])?( {2}\((?:and )?after (.*)\))?$/.exec(part) ?? [];
      expect(name).not.toBe("");
      if (mark === "") full.push(name);
      if (before !== null) edges.push(`${before}>${name}`);
      if (others !== "") edges.push(...others.split(", ").map((other) => `${other}>${name}`));
      before = name;
    }
    at.push({ indent, name: before ?? "" });
  }
  return { full, edges };
}

describe("for other programs", () => {
  it("dot and mermaid, with states and without", async () => {
    await expect(graphDot(graph(fleet, { view, of: null }))).toMatchFileSnapshot("../goldens/graph.dot");
    await expect(graphMermaid(graph(fleet, { view, of: null }))).toMatchFileSnapshot("../goldens/graph.mmd");
    expect(graphDot(graph(makeRegistry(), all))).toContain("digraph crontabber {");
    expect(graphMermaid(graph(makeRegistry(), all))).toBe("flowchart LR\n");
  });

  const odd = ['a"b', "a\\", "a\\nb", "a\nb", "a&lt;b", "<i>a</i>", "a];evil", "a#quot;b", "`a`", "ä → 漢", "{a|b}", "%%x", "end"];

  it("names that hold anything are data, never syntax", () => {
    const made = graph(makeRegistry(...odd.map((name, i) => makeJob({ name, dependsOn: i ? [odd[i - 1] as string] : [] }))), all);
    for (const line of graphMermaid(made).split("\n").slice(1, -1)) expect(line).toMatch(/^ {2}n\d+(\["[^"`<>]*<br\/>1h"\]| --> n\d+)$/);
    expect(graphDocument(made).edges).toHaveLength(odd.length - 1);
  });

  it.runIf(hasDot)("Graphviz reads back the names it was given", () => {
    const made = graph(makeRegistry(...odd.map((name, i) => makeJob({ name, dependsOn: i ? [odd[i - 1] as string] : [] }))), all);
    const { stdout, stderr, status } = spawnSync("dot", ["-Tsvg"], { input: graphDot(made), encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const texts = [...stdout.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) =>
      text
        .replace(/&#(\d+);/g, (_, n) => String.fromCharCode(n))
        .replace(/&(lt|gt|quot|amp);/g, (_, n) => ({ lt: "<", gt: ">", quot: '"', amp: "&" })[n as string] ?? ""),
    );
    for (const name of odd) expect(texts.map((text) => text.replaceAll("\u00a0", " "))).toContain(name.replace("\n", " "));
    expect(stdout.match(/class="edge"/g)).toHaveLength(odd.length - 1);
  });
});
