/** The long form by hand: `npm run test:cron -- --minutes 4 [--speed 10]`. Ends with 1 if anything is not as it should be. */
import { parseArgs } from "node:util";
import setup from "../helpers/global-setup.ts";
import { cronCampaign } from "./campaign.ts";
import { cronFindings, cronReport } from "./check.ts";
import { hasCron } from "./daemon.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "4" }, speed: { type: "string", default: "1" } } });
if (!hasCron) throw new Error("needs root, and Debian's cron");
const stop = await setup();
try {
  const outcome = await cronCampaign({ minutes: Number(values.minutes), speed: Number(values.speed) });
  const findings = cronFindings(outcome);
  console.info([cronReport(outcome), ...findings, `${findings.length} findings`].join("\n"));
  process.exitCode = findings.length > 0 ? 1 : 0;
} finally {
  await stop();
}
