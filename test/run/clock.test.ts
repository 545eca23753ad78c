import { afterEach, describe, expect, it, vi } from "vitest";
import { after, systemClock, uptime } from "#lib/clock.js";
import { Deadlines } from "#lib/run/deadlines.js";

afterEach(() => vi.useRealTimers());

describe("the clock", () => {
  it("waits longer than a timer can", async () => {
    vi.useFakeTimers();
    const called = vi.fn();
    after(3 * 2 ** 31, called);
    await vi.advanceTimersByTimeAsync(3 * 2 ** 31 - 1);
    expect(called).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(called).toHaveBeenCalledOnce();
  });

  it("can be told not to, in every piece of the wait", async () => {
    vi.useFakeTimers();
    const called = vi.fn();
    const cancel = after(3 * 2 ** 31, called);
    await vi.advanceTimersByTimeAsync(2 ** 31 + 5);
    cancel();
    await vi.advanceTimersByTimeAsync(9 * 2 ** 31);
    expect(called).not.toHaveBeenCalled();
  });

  it("sleeps until the time is over or the signal aborts", async () => {
    await systemClock.sleep(1);
    const controller = new AbortController();
    const asleep = systemClock.sleep(1e9, controller.signal);
    controller.abort();
    await asleep;
    await systemClock.sleep(1e9, controller.signal);
    expect(systemClock.pinned()).toBeNull();
  });
});

describe("deadlines", () => {
  it("are told once each, in order; the ended and the renewed are not", async () => {
    const told: string[] = [];
    let finish = () => {};
    const all = new Promise<void>((done) => {
      finish = done;
    });
    const deadlines = new Deadlines((runId, stage) => {
      told.push(`${runId} ${stage}`);
      // Too late: the job may be half gone.
      if (runId === "a" && stage === "term") deadlines.set("a", { termAt: uptime() + 900, killAt: uptime() + 901 });
      if (told.length === 4) finish();
    });
    const now = uptime();
    deadlines.set("a", { termAt: now + 0.05, killAt: now + 0.2 });
    deadlines.set("b", { termAt: now - 1, killAt: now - 0.5 });
    deadlines.set("ended", { termAt: now + 0.02, killAt: now + 0.03 });
    deadlines.set("renewed", { termAt: now + 0.02, killAt: now + 0.03 });
    deadlines.set("renewed", { termAt: now + 900, killAt: now + 901 });
    deadlines.delete("ended");
    await Promise.all([all, systemClock.sleep(300)]);
    expect(told).toEqual(["b term", "b kill", "a term", "a kill"]);
  });
});
