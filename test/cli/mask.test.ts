import { expect, it } from "vitest";
import { keepSecret, masked } from "#lib/report/mask.js";

it.each([
  ["postgres://ops:hunter2@db/x", "postgres://ops:***@db/x"],
  ["postgres://ops:a@b/c:d@db/x refused", "postgres://ops:***@db/x refused"],
  ["postgres://ops@db/x", "postgres://ops@db/x"],
  ["write postgres://user:password@host/dbname", "write postgres://user:password@host/dbname"],
  ["https://abc123@sentry.example/4", "https://***@sentry.example/4"],
  ["password=hunter2 host=db", "password=*** host=db"],
  ["http_token = 'a b c'", "http_token = ***"],
  ["write http_token = %(token)s", "write http_token = %(token)s"],
  ["password: is too long", "password: is too long"],
  ["PWD=/srv/jobs", "PWD=/srv/jobs"],
  ["Uid=ops;Pwd=hunter2", "Uid=ops;Pwd=***"],
  ["nothing to hide", "nothing to hide"],
])("%s", (text, expected) => {
  expect(masked(text)).toBe(expected);
});

it("knows the secrets it was told, wherever they turn up, and leaves short ones to the patterns", () => {
  keepSecret("tr0ub4dor&3", null, "", "abc", "half \ud800 of it");
  expect(masked("login tr0ub4dor&3 failed for abc")).toBe("login *** failed for abc");
  expect(masked("curl ops:tr0ub4dor%263@db")).toBe("curl ops:***@db");
});
