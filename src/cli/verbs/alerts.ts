/** `alerts`: what is wrong now and what was told of it; `alerts test`: sends a sample to every channel. */
import { randomUUID } from "node:crypto";
import { channelsOf, NO_SENTRY, surroundings } from "../../app/alerts.ts";
import { hostClock } from "../../clock.ts";
import { alertDocument } from "../../report/alerts/document.ts";
import { judge } from "../../report/alerts/judge.ts";
import { alertsDocument, alertsText } from "../../report/alerts/list.ts";
import { send } from "../../report/alerts/send.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer, answerJson } from "../io.ts";
import { configured, withStore } from "../reading.ts";
import { paperFor, tell } from "../talk.ts";

const LIMIT = 20;
const TEST_MS = 15_000;

export async function handle(call: Call): Promise<number> {
  if (call.operands[0] === "test") return test(call);
  const { given } = call;
  const setup = await configured(call);
  const channels = channelsOf(setup.config, () => {});
  const shown = await withStore(setup, async (store) => {
    const snapshot = await store.snapshot();
    const [{ told }, changes, hosts] = await Promise.all([
      store.alerts.told(),
      store.alerts.list(given.limit ?? LIMIT),
      store.fleet.hosts(),
    ]);
    const judged = judge({ ...surroundings(setup), snapshot, hosts }, null, told);
    const faults = [...judged.values()].flatMap((fault) => (fault === "ok" ? [] : [fault]));
    return { now: snapshot.now, channels: channels.map(({ name }) => name), faults, told, changes };
  });
  if (given.json) answerJson(alertsDocument(shown));
  else answer(alertsText(shown, paperFor(given, setup.config.timezone)));
  return EXIT.done;
}

/** Through every channel of this host, and nothing of it is remembered. */
async function test(call: Call): Promise<number> {
  const { config } = await configured(call);
  let missing = false;
  const channels = channelsOf(config, () => {
    missing = true;
  });
  if (channels.length === 0) {
    tell(`${config.shown}: nobody is to be told (write webhook or command into [alerts], or dsn into [sentry])`);
    return EXIT.failed;
  }
  const host = config.hostLabel;
  const change = { subject: `test:${host}`, was: "failing", fault: null } as const;
  const sample = alertDocument(change, { id: randomUUID(), at: hostClock(), host });
  const { sent, trouble } = await send(sample, channels, { signal: AbortSignal.timeout(TEST_MS), took: async () => {} });
  const took = sent.filter((name) => !(missing && name === "sentry"));
  if (took.length > 0) answer(`sent sample ${sample.id} by ${took.join(", ")}`);
  if (trouble !== null) tell(trouble);
  if (missing) tell(NO_SENTRY);
  return trouble === null && !missing ? EXIT.done : EXIT.failed;
}
