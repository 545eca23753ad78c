import { expect, test } from "vitest";
import { age, near, span, took } from "#lib/report/ages.js";

const [M, H, D] = [60, 3600, 86_400];

// The upper half is what the Python tool's own tests ask for.
test.each([
  [365 * D, "1 year"],
  [7 * D, "1 week"],
  [D, "1 day"],
  [H, "1 hour"],
  [M, "1 minute"],
  [1, "1 second"],
  [(365 + 7) * D, "1 year"],
  [40 * D, "1 month, 1 week"],
  [2 * D + H, "2 days, 1 hour"],
  [2 * D + 2 * H, "2 days, 2 hours"],
  [H + M, "1 hour, 1 minute"],
  [2 * H + 2 * M, "2 hours, 2 minutes"],
  [3 * M + 10, "3 minutes, 10 seconds"],
  [0, "0 seconds"],
  [-5, "0 seconds"],
  [0.999, "0 seconds"],
  [59.999, "59 seconds"],
  [17 * D, "2 weeks, 3 days"],
  [17 * D + 23 * H, "2 weeks, 3 days"],
  [14 * D + 5 * H, "2 weeks"],
  [D + 59 * M, "1 day"],
  [H + 5 * M + 59, "1 hour, 5 minutes"],
  [H + 59, "1 hour"],
  [12 * M + 8, "12 minutes, 8 seconds"],
  [25 * H, "1 day, 1 hour"],
  [2 * 365 * D + 61 * D, "2 years, 2 months"],
])("%d seconds are %s", (seconds, words) => {
  expect(age(seconds)).toBe(words);
});

test.each([
  [0, "0s"],
  [59.9, "59s"],
  [60, "1m"],
  [3600, "1h"],
  [3600 + 48 * 60, "1h 48m"],
  [22 * H + 47 * M, "22h"],
  [47 * H, "1d"],
  [-3, "0s"],
])("%d seconds are roughly %s", (seconds, words) => {
  expect(near(seconds)).toBe(words);
});

test.each([
  [0.04, "0.0s"],
  [3, "3.0s"],
  [9.96, "10s"],
  [59.4, "59s"],
  [59.6, "1m 00s"],
  [242, "4m 02s"],
  [3600 + 11 * 60, "1h 11m"],
  [86_400 + 3 * 3600, "1d 03h"],
])("a run of %d seconds took %s", (seconds, words) => {
  expect(took(seconds)).toBe(words);
});

test.each([
  [90, "90s"],
  [300, "5m"],
  [7200, "2h"],
  [86_400, "1d"],
  [0.5, "0.5s"],
  [0, "0s"],
])("%d seconds were written %s", (seconds, words) => {
  expect(span(seconds)).toBe(words);
});
