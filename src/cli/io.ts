/** The ends of the process's pipes and its signals before a pass takes them over. Loads nothing: every pass from cron comes by here. */
import { EXIT } from "./exit.ts";

let outlives = false;

/** From here on jobs run in this process: a reader that has left is no reason to end them. */
export function outliveReader(): void {
  outlives = true;
}

/** Whoever reads our answer may stop reading it (`| head`): then there is nothing left to do. Talk nobody hears changes nothing. */
export function watchPipes(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (outlives) return;
    if (error.code === "EPIPE") process.exit();
    process.stderr.write(`crontabber: cannot write the answer: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
  process.stderr.on("error", () => {});
}

/** The answer; ends with a line end. */
export function answer(text: string): void {
  process.stdout.write(text.endsWith("\n") || text === "" ? text : `${text}\n`);
}

export function answerJson(document: unknown): void {
  answer(JSON.stringify(document, null, 2));
}

/** Resolves when everything written has left the process. */
export async function flushed(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write("", () => done()))));
}

const onSignal = (signal: "SIGINT" | "SIGTERM") => process.exit(EXIT[signal]);

/** While nothing runs yet, a signal ends the process with the code that says so. */
export function endOnSignals(): void {
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
}

/** From here on a pass answers signals itself. */
export function leaveSignals(): void {
  process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
}

/** A daemon is asked to read its files again: while it starts it is about to, while it ends it has no use for them. Neither ends it. */
export function outliveHangups(): void {
  process.on("SIGHUP", () => {});
}
