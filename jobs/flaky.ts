/** Fails on its first two attempts of each slot, so that retry, blocking and recovery can be seen. */
import { defineJob } from "crontabber";

export const Flaky = defineJob({
  errorRetryTime: "4s",
  description: "works at the third attempt",
  async run(ctx) {
    if (ctx.attempt < 3) throw new Error(`the upstream did not answer (attempt ${ctx.attempt})`);
    return { attempts: ctx.attempt };
  },
});
