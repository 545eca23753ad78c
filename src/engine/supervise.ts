/** One run from claim to record. Owns the order: trust, start, wait, record, let go; judges nothing. */
import type { Job } from "../core/job.ts";
import type { RunEnd, Ticket } from "../core/state.ts";
import { plainOutput } from "../core/streams.ts";
import type { Ended } from "../run/ending.ts";
import { deliver } from "./deliver.ts";
import { trustFrom } from "./heartbeat.ts";
import { News } from "./news.ts";
import type { World } from "./world.ts";

export interface Supervised {
  readonly ticket: Ticket;
  readonly end: RunEnd;
  /** False: fenced or spooled. */
  readonly recorded: boolean;
}

/** `sentAt`: seconds of uptime when the claim was sent; trust counts from there. */
export async function supervise(world: World, job: Job, { ticket, sentAt }: { ticket: Ticket; sentAt: number }): Promise<Supervised> {
  const { heartbeat, emit, aborting } = world;
  const runner = await world.runner();
  const news: News = new News(world, ticket, () => running.output());
  const running = runner.start({
    job,
    ticket,
    trust: trustFrom(sentAt, ticket.lease),
    onProgress: (at) => {
      const json = JSON.stringify(at);
      emit("run:progress", { ticket, json });
      news.progress(json);
    },
    onOutput: (chunk, stream) => {
      emit("run:output", { ticket, stream, chunk });
      news.printed();
    },
  });
  const stop = (cause: "lost" | "interrupted" | "cancelled", why: string) => {
    emit("run:stopping", { ticket, why });
    running.stop(cause, why);
  };
  heartbeat.add(ticket, sentAt, {
    trust: (until) => running.trust(until),
    fence: () => stop("lost", "its lease was taken over"),
    cancel: () => void cancel(world, ticket.runId, (why) => stop("cancelled", why)),
  });
  const interrupt = () => stop("interrupted", "its scheduler was told to end");
  aborting.addEventListener("abort", interrupt, { once: true });
  if (aborting.aborted) interrupt();
  emit("run:started", { ticket });
  const ended = await running.done;
  aborting.removeEventListener("abort", interrupt);
  await news.close();
  const supervised = await record(world, job, { ticket, ended });
  heartbeat.remove(ticket.runId);
  return supervised;
}

/** With the words of whoever asked for it, if they can be had. */
async function cancel({ store }: World, runId: string, stop: (why: string) => void): Promise<void> {
  const note = await store.cancelNote(runId).catch(() => null); // the end does not wait for its reason
  stop(note ? `cancelled by ${note}` : "somebody cancelled it");
}

async function record(world: World, job: Job, { ticket, ended }: { ticket: Ticket; ended: Ended }): Promise<Supervised> {
  const { store, emit } = world;
  const ledgerWins = job.transaction;
  const { committed, ...end } = ended;
  const attach = async () => {
    if (end.output) await store.attachOutput(ticket.runId, end.output).catch(() => {}); // the record stands without its output
  };
  if (committed === "yes") {
    await attach();
    return told(world, { ticket, end });
  }
  const how = await deliver(world, { ticket, end, ledgerWins });
  if (how === "spooled") return { ticket, end, recorded: false };
  if (how === "fenced") {
    emit("run:fenced", { ticket, outcome: end.outcome });
    return { ticket, end, recorded: false };
  }
  const succeeded = how === "already" && ledgerWins;
  if (succeeded) await attach();
  return told(world, { ticket, end: succeeded ? { ...end, outcome: "succeeded", error: null } : end });
}

function told({ emit }: World, { ticket, end }: { ticket: Ticket; end: RunEnd }): Supervised {
  emit("run:recorded", { ticket, end: { ...end, output: plainOutput(end.output) } });
  return { ticket, end, recorded: true };
}
