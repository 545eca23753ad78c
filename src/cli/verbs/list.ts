/** `list [PATTERN…]`: the table, once or again and again; as `--list-jobs` the Python tool's text. */
import type { Setup } from "../../app.ts";
import { didYouMean } from "../../config/suggest.ts";
import { UsageError } from "../../core/errors.ts";
import { quoted } from "../../core/text.ts";
import { isNamed, type Order } from "../../report/choose.ts";
import { type ListColumn, type ListWish, listDocument, listTable, RECENT } from "../../report/list.ts";
import type { StateName } from "../../report/status.ts";
import { listText } from "../../report/text.ts";
import type { View } from "../../report/view.ts";
import type { Store } from "../../store/store.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { configured, viewOf, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { given, operands, old } = call;
  const setup = await configured(call);
  known(setup, operands);
  const paper = () => paperFor(given, setup.config.timezone);
  if (old) {
    answer(listText(await withStore(setup, (store) => viewOf(setup, store)), paper().zone));
    return 0;
  }
  return withStore(setup, async (store) => {
    const look = async () => looked(call, await viewOf(setup, store), store);
    if (given.watch) {
      const { watch } = await import("../watch.ts");
      return watch({ store, look, json: given.json, text: ({ view, wish }) => listTable(view, paper(), wish) });
    }
    const { view, wish } = await look();
    if (given.json) answerJson(listDocument(view, wish));
    else answer(listTable(view, paper(), wish));
    return 0;
  });
}

export interface Looked {
  readonly view: View;
  readonly wish: ListWish;
}

async function looked({ given, operands }: Call, view: View, store: Store): Promise<Looked> {
  const columns = given.columns as readonly ListColumn[];
  const needs = given.json || columns.length === 0 || columns.some((name) => name === "recent" || name === "took");
  const jobs = operands.length > 0 ? view.registry.jobs.filter((job) => operands.some((name) => isNamed(job, name))) : view.registry.jobs;
  const names = jobs.map((job) => job.name);
  const recent = needs ? await store.outputs.recent(names, RECENT) : null;
  const [states, order] = [given.states as readonly StateName[], (given.sort ?? "file") as Order];
  return { view, wish: { patterns: operands, states, order, recent, columns } };
}

/** A name that no job has is a slip; a pattern may find nothing. */
function known({ registry }: Setup, patterns: readonly string[]): void {
  for (const pattern of patterns) {
    if (/[*?]/.test(pattern) || registry.jobs.some((job) => isNamed(job, pattern))) continue;
    const names = registry.jobs.map((job) => job.name);
    throw new UsageError(`there is no job ${quoted(pattern)}: ${didYouMean(pattern, names, "crontabber list shows them all")}`);
  }
}
