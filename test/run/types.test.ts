/** What the compiler tells job authors: these lines are the test, checked by `npm run check`. */
import { defineJob, ExecError, type JobContext, StoppedError } from "crontabber";
import { expect, expectTypeOf, it } from "vitest";

it("options are typed by their defaults, results by what run returns", () => {
  const job = defineJob({
    dependsOn: "ingest",
    timeout: "30m",
    options: { page_size: 100, deep: { on: true } },
    async run(ctx) {
      expectTypeOf(ctx.options.page_size).toEqualTypeOf<number>();
      expectTypeOf(ctx.options.deep.on).toEqualTypeOf<boolean>();
      expectTypeOf(ctx.slot).toEqualTypeOf<Date>();
      expectTypeOf(ctx.fence).toEqualTypeOf<bigint>();
      expectTypeOf((await ctx.db.query("SELECT 1")).rowCount).toEqualTypeOf<number | null>();
      expectTypeOf((await ctx.exec("true")).stdout).toEqualTypeOf<string>();
      ctx.log.info({ a: 1 }, "text");
      return { rows: 42 };
    },
  });
  expect(job.options).toEqual({ page_size: 100, deep: { on: true } });
});

it("a job needs no options, and may be synchronous", () => {
  const job = defineJob({ run: (ctx) => ctx.attempt });
  expectTypeOf<Parameters<typeof job.run>[0]>().toExtend<JobContext>();
  expect(Object.keys(job)).toEqual(["run"]);
  expect(Reflect.get(job, Symbol.for("crontabber.job"))).toBe(true);
});

it("a misspelt option is seen by the compiler", () => {
  // @ts-expect-error: dependson
  defineJob({ dependson: "x", run() {} });
  // @ts-expect-error: no run
  defineJob({ name: "x" });
});

it("errors can be told apart", () => {
  const ended = { code: 3, stdout: "", stderr: "", signal: null, command: "git", args: ["pull"] };
  expect(new ExecError("git: exit code 3", ended)).toMatchObject({ ...ended, name: "ExecError" });
  expect(new StoppedError("cancelled", "by me")).toMatchObject({ why: "cancelled", message: "by me" });
  expect(Object.isFrozen(defineJob(Object.freeze({ run() {} })))).toBe(true);
});
