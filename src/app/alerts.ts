/** Puts alerts together: channels, what is told through the table, what this host tells by itself. A pass tells when all else is done. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Setup } from "../app.ts";
import { after } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Channel } from "../core/alert.ts";
import { problemLine } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { type LocalKind, LocalTeller } from "../report/alerts/local.ts";
import { Teller } from "../report/alerts/teller.ts";
import { keepSecret } from "../report/mask.ts";
import type { Store } from "../store/store.ts";

/** Milliseconds everything that is told at once may take: then it is left to whoever comes next. */
export const LONGEST_MS = 10_000;
/** Seconds a refused configuration must have lasted: no deploy writes all its files in one instant. */
const DEPLOY = 30;

/** Where alerts go; none: nothing is configured. */
export function channelsOf(config: Config, missing: () => void): Channel[] {
  const { alerts, sentryDsn, folder, timezone, envPass } = config;
  keepSecret(alerts.webhook, alerts.pingUrl, sentryDsn);
  const channels: Channel[] = [];
  const { webhook } = alerts;
  if (webhook !== null) channels.push(late("webhook", async () => (await import("../report/alerts/webhook.ts")).webhook(webhook)));
  if (alerts.command !== null) {
    const settings = { command: alerts.command, cwd: folder, zone: timezone, baseEnv: process.env, envPass };
    channels.push(late("command", async () => (await import("../run/alert-command.ts")).alertCommand(settings)));
  }
  if (sentryDsn !== null) {
    channels.push(late("sentry", async () => (await import("../report/alerts/sentry.ts")).sentry(sentryDsn, missing)));
  }
  return channels;
}

/** A channel that is loaded when there is something to send. */
function late(name: string, open: () => Promise<Channel>): Channel {
  let channel: Promise<Channel> | null = null;
  return {
    name,
    send: async (alert, signal) => {
      channel ??= open();
      await (await channel).send(alert, signal);
    },
  };
}

export interface Tools {
  readonly channels: readonly Channel[];
  readonly local: LocalTeller;
  teller(store: Store, setup: () => Setup): Teller;
}

export function toolsOf(config: Config, emit: Emit): Tools {
  const missing = () => emit("alert:trouble", { message: NO_SENTRY, news: true });
  const channels = channelsOf(config, missing);
  const key = createHash("sha256").update(`${config.file}\n${config.hostLabel}`).digest("hex").slice(0, 16);
  const self = config.hostLabel;
  return {
    channels,
    local: new LocalTeller({
      ...{ file: join(config.spool, `alerts-${key}.json`), self, channels, emit },
      patience: { refused: DEPLOY, unreachable: config.overdueAfter },
    }),
    teller: (store, setup) => new Teller({ store, channels, self, emit, surroundings: () => surroundings(setup()) }),
  };
}

export const NO_SENTRY =
  "[sentry] dsn is configured and the library @sentry/node is not installed: nothing is sent there (npm install @sentry/node@10)";

export function surroundings({ config, registry }: Setup) {
  const { overdueAfter, maxOngoingAgeHours, tags } = config;
  return { registry, overdueAfter, maxOngoingAge: maxOngoingAgeHours * 3600, tags };
}

/** Modules that cannot be imported, in words; null: all can. */
export const broken = (setup: Setup): string | null => (setup.broken.length > 0 ? setup.broken.map(problemLine).join("\n") : null);

/** When a pass has done everything else: never throws, changes no exit code, and takes ten seconds at the most. */
export async function tellAfterPass(setup: Setup, store: Store, emit: Emit): Promise<void> {
  const { local, channels, teller } = toolsOf(setup.config, emit);
  const { pingUrl } = setup.config.alerts;
  await inTime(emit, (until) => {
    const work = pingUrl === null ? [] : [askFor(pingUrl, until)];
    if (channels.length === 0) return work;
    return [...work, told(local, { unreachable: null, refused: broken(setup) }, until), teller(store, () => setup).tell(until)];
  });
}

/** The dead man's switch. Throws if nobody answered well. */
export async function askFor(url: string, until: AbortSignal): Promise<void> {
  const { ping } = await import("../report/alerts/webhook.ts");
  await ping(url, until);
}

/** When there was no pass, because the configuration is refused or the database cannot be used. As `tellAfterPass`. */
export async function tellFailure(
  config: Config,
  { about, lines }: { readonly about: LocalKind; readonly lines: readonly string[] },
  emit: Emit,
): Promise<void> {
  const { local, channels } = toolsOf(config, emit);
  if (channels.length > 0) await inTime(emit, (until) => [told(local, { [about]: lines.join("\n") }, until)]);
}

export async function told(local: LocalTeller, now: Partial<Record<LocalKind, string | null>>, until: AbortSignal): Promise<void> {
  for (const kind of ["unreachable", "refused"] as const) {
    const value = now[kind];
    if (value !== undefined) await local.check(kind, value, until);
  }
}

/** A signal ends the telling, and nothing else. */
async function inTime(emit: Emit, work: (until: AbortSignal) => Promise<void>[]): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  let cancelEnd = () => {};
  const end = new Promise<void>((done) => {
    const cancelStop = after(LONGEST_MS - 2_000, onSignal);
    const cancelDone = after(LONGEST_MS, done);
    cancelEnd = () => {
      cancelStop();
      cancelDone();
    };
  });
  const all = work(stop.signal).map((one) => one.catch((error: unknown) => trouble(emit, error)));
  await Promise.race([Promise.all(all), end]);
  cancelEnd();
  process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
}

export function trouble(emit: Emit, error: unknown): void {
  emit("alert:trouble", { message: (error as Error)?.message ?? String(error), news: false });
}
