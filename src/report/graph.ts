/** Who waits for whom, as a document. Owns the document; draws nothing. */
import { jobState } from "./status.ts";
import { iso } from "./times.ts";
import type { Document, View } from "./view.ts";

/** In the order of the file; an edge goes from a parent to its child. */
export function graphDocument(view: View): Document {
  const { registry, snapshot } = view;
  const nodes = registry.jobs.map((job) => {
    const { state, words, blockedBy, rootCause } = jobState(view, job);
    return { name: job.name, state, state_text: words, blocked_by: blockedBy, root_cause: rootCause };
  });
  const edges = registry.jobs.flatMap((job) => job.dependsOn.map((parent) => ({ from: parent, to: job.name })));
  return { schema: "crontabber.graph/1", now: iso(snapshot.now), nodes, edges };
}
