/** What is wrong between jobs: their names, their parents, their cycles. Pure. */
import { cycles } from "../core/dag.ts";
import type { Problem } from "../core/errors.ts";
import { hasControl, printable, quoted } from "../core/text.ts";
import type { Draft } from "./drafts.ts";
import { problemAt } from "./source.ts";
import { didYouMean } from "./suggest.ts";

const LONGEST_NAME = 200;

/** What no name may be; null: it is one. Anything else is allowed: quotes, spaces, markup, any script. */
export function badName(name: string): string | null {
  if (name.trim() === "") return "the name is empty";
  if (name !== name.trim()) return `the name ${quoted(name)} begins or ends with a space`;
  if ([...name].length > LONGEST_NAME) return `the name ${quoted(name, 40)} is longer than ${LONGEST_NAME} characters`;
  if (hasControl(name)) return `the name ${quoted(name)} has a control character`;
  if (name.includes("|")) return `the name ${quoted(name)} has a |`;
  return /\p{Cs}/u.test(name) ? `the name ${quoted(name)} has half a character` : null;
}

export function checkNames(drafts: readonly Draft[]): Problem[] {
  const first = new Map<string, Draft>();
  return drafts.flatMap((draft) => {
    const bad = badName(draft.name);
    if (bad !== null)
      return problemAt(draft.at, isSection(draft) ? bad : `${printable(draft.label.slice(0, 120))}: ${bad}`, "give it another name");
    const twin = first.get(draft.name);
    first.set(draft.name, twin ?? draft);
    return twin ? duplicate(draft, twin) : [];
  });
}

function duplicate(draft: Draft, twin: Draft): Problem {
  const where = `first at ${twin.at.file}:${twin.at.line ?? "?"}`;
  const both = [draft, twin];
  const mixed = both.some(isSection) && !both.every(isSection);
  const hint = mixed ? `${where}; drop its command or sql to only set options, or rename it` : `${where}; give one of them another name`;
  return problemAt(draft.at, `duplicate job ${quoted(draft.name, 200)}`, hint);
}

const isSection = (draft: Draft): boolean => draft.label === "command" || draft.label === "sql";

/** `lenient`: some module cannot be imported, so that a parent nobody knows may be its. Those are returned instead of reported. */
export function checkParents(drafts: readonly Draft[], lenient: boolean): { problems: Problem[]; unknown: Set<string> } {
  const names = new Set(drafts.map((draft) => draft.name));
  const unknown = new Set<string>();
  const problems: Problem[] = [];
  for (const draft of drafts) {
    for (const parent of draft.dependsOn) {
      if (parent === draft.name) {
        problems.push(problemAt(draft.dependsAt, `job ${quoted(draft.name, 200)} depends on itself`, "drop it from depends_on"));
      } else if (!names.has(parent)) {
        unknown.add(parent);
        if (!lenient) problems.push(unknownParent(draft, parent, drafts));
      }
    }
  }
  return { problems, unknown: lenient ? unknown : new Set() };
}

function unknownParent(draft: Draft, parent: string, drafts: readonly Draft[]): Problem {
  const byLabel = drafts.find(({ label }) => label === parent || label.endsWith(`.${parent}`) || label.endsWith(`#${parent}`));
  const others = drafts.filter((other) => other !== draft).map((other) => other.name);
  const hint = byLabel ? `its name is ${JSON.stringify(byLabel.name)}` : didYouMean(parent, others, "no job of the registry has that name");
  return problemAt(draft.dependsAt, `job ${quoted(draft.name, 200)} depends on ${quoted(parent, 200)}, which is not a job`, hint);
}

/** Self-dependencies are `checkParents`'s. */
export function checkCycles(drafts: readonly Draft[]): Problem[] {
  const byName = new Map(drafts.map((draft) => [draft.name, draft]));
  const nodes = [...byName.values()].map(({ name, dependsOn }) => ({ name, dependsOn: dependsOn.filter((parent) => parent !== name) }));
  return cycles(nodes).map((cycle) => {
    const at = byName.get(cycle[0] ?? "")?.dependsAt ?? { file: "", line: null };
    return problemAt(
      at,
      `dependency cycle: ${printable(cycle.join(" -> "))}`,
      "each depends on the next; take one of them out of depends_on",
    );
  });
}
