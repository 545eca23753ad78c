/** Two hosts under Debian's own cron, a real daemon each, whose clocks go ten times faster than the machine's. */
import { describe, expect, it } from "vitest";
import { faketime } from "../faults/host.ts";
import { cronCampaign } from "./campaign.ts";
import { cronFindings, cronReport } from "./check.ts";
import { hasCron } from "./daemon.ts";

describe.runIf(hasCron && faketime() !== null)("two hosts that make a pass a minute from cron", () => {
  it("run every slot once between them, and mail once for each incident", async () => {
    const outcome = await cronCampaign({ minutes: 10, speed: 10 });
    console.info(cronReport(outcome));
    expect(cronFindings(outcome)).toEqual([]);
    // A minute in which nothing happened proves nothing.
    expect(outcome.evidence.runs.length).toBeGreaterThan(50);
  }, 300_000);
});
