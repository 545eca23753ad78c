/** `sentrytest`: sends a sample to Sentry, if that is configured and its library is there. */
import { configOf } from "../../app.ts";
import { refuse } from "../../config/config.ts";
import { keepSecret } from "../../report/mask.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer } from "../io.ts";
import { tell } from "../talk.ts";

/** What we need of @sentry/node, which is an optional peer: it may not be there, nor its types. */
interface Sentry {
  init(options: { dsn: string; defaultIntegrations: false }): unknown;
  captureException(error: Error): string;
  flush(ms: number): Promise<boolean>;
}

const FLUSH_MS = 10_000;

export async function handle({ invocation }: Call): Promise<number> {
  const { config, problems } = configOf(invocation);
  refuse(problems);
  if (config.sentryDsn === null) {
    tell(`${config.shown}: no Sentry is configured (write its address as dsn into [sentry])`);
    return EXIT.failed;
  }
  keepSecret(config.sentryDsn);
  const sentry = await load();
  if (!sentry) {
    tell("the library @sentry/node is not installed (install it beside crontabber: npm install @sentry/node@10)");
    return EXIT.failed;
  }
  sentry.init({ dsn: config.sentryDsn, defaultIntegrations: false });
  const id = sentry.captureException(new Error("crontabber sentrytest: a sample, nothing is wrong"));
  if (!(await sentry.flush(FLUSH_MS))) {
    tell("Sentry did not take the sample within 10 seconds");
    return EXIT.failed;
  }
  answer(`sent sample ${id}`);
  return EXIT.done;
}

async function load(): Promise<Sentry | null> {
  const name = "@sentry/node";
  try {
    return (await import(name)) as Sentry;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}
