/** `sentrytest`: sends a sample to Sentry, if that is configured and its library is there. */
import { configOf } from "../../app.ts";
import { refuse } from "../../config/config.ts";
import { loadSentry } from "../../report/alerts/sentry.ts";
import { keepSecret } from "../../report/mask.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer } from "../io.ts";
import { tell } from "../talk.ts";

const FLUSH_MS = 10_000;

export async function handle({ invocation }: Call): Promise<number> {
  const { config, problems } = configOf(invocation);
  refuse(problems);
  if (config.sentryDsn === null) {
    tell(`${config.shown}: no Sentry is configured (write its address as dsn into [sentry])`);
    return EXIT.failed;
  }
  keepSecret(config.sentryDsn);
  const sentry = await loadSentry();
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
