/** `graph [NAME]`: dependencies, with the jobs' states where the database tells them. */
import type { Setup } from "../../app.ts";
import { ConfigError, StoreError, UsageError } from "../../core/errors.ts";
import { graph, graphDocument } from "../../report/graph.ts";
import { graphDot, graphMermaid } from "../../report/graph-formats.ts";
import { graphText } from "../../report/graph-text.ts";
import type { View } from "../../report/view.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { jobNamed } from "../name.ts";
import { configured, viewOf, withStore } from "../reading.ts";
import { paperFor, tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { given } = call;
  if (given.json && given.format !== null && given.format !== "json") {
    throw new UsageError(`--json and --format=${given.format} contradict each other`);
  }
  const setup = await configured(call);
  const [name] = call.operands;
  const of = name === undefined ? null : jobNamed(setup, name);
  const view = given.noState ? null : await statesOf(setup, given.quiet);
  const drawn = graph(setup.registry, { view, of });
  if (given.json || given.format === "json") answerJson(graphDocument(drawn));
  else if (given.format === "dot") answer(graphDot(drawn));
  else if (given.format === "mermaid") answer(graphMermaid(drawn));
  else answer(graphText(drawn, paperFor(given, setup.config.timezone)));
  return 0;
}

/** Null: they cannot be had, and that was told. */
async function statesOf(setup: Setup, quiet: boolean): Promise<View | null> {
  try {
    return await withStore(setup, (store) => viewOf(setup, store));
  } catch (error) {
    if (!(error instanceof StoreError) && !(error instanceof ConfigError)) throw error;
    const [why] = error.message.split("\n");
    if (!quiet) tell(`warning: without states: ${why} (--no-state does not ask)`);
    return null;
  }
}
