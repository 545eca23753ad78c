import { expect, test } from "vitest";
import { ghosts, ghostsText } from "#lib/report/ghosts.js";
import { show, showDocument, showText } from "#lib/report/show.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { fleet, history, row, UTC, view, viewOf } from "./fleet.ts";

test.each(["build-report", "fetch-crashes", "vacuum-logs"])("%s whole", async (name) => {
  const job = fleet.byName.get(name);
  if (!job) throw new Error(name);
  const runs = name === "fetch-crashes" ? history.slice(0, 5) : [];
  await expect(showText(show(view, job, { runs }), UTC)).toMatchFileSnapshot(`../goldens/show-${name}.txt`);
});

test("what looks like a secret is shown nowhere", () => {
  const job = makeJob({
    ...{ name: "a", command: "psql postgres://u:s3cret-9@db/x", env: { API_TOKEN: "s3cret-1", MODE: "fast" } },
    options: {
      ...{ password: "s3cret-2", smtp: { auth: "s3cret-3", host: "mail" }, url: "https://me:s3cret-4@h/", keys: [{ api_key: "s3cret-5" }] },
      ...{ sentry_dsn: "https://s3cret-6@o1/2", batch: 500 },
    },
  });
  const shown = show(viewOf(makeRegistry(job), []), job, { runs: [] });
  const all = showText(shown, UTC) + JSON.stringify(showDocument(shown));
  expect(all).not.toContain("s3cret");
  expect(all).toContain("batch = 500");
  expect(all).toContain('"host":"mail"');
  expect(all).toContain("MODE = fast");
});

test("ghosts: the original's text, nothing if there are none", async () => {
  await expect(ghostsText(view)).toMatchFileSnapshot("../goldens/ghosts.txt");
  expect(ghostsText(viewOf(fleet, []))).toBe("");
  const evil = viewOf(makeRegistry(), [row("b"), row("a\n\u001b[31m")]);
  expect(ghostsText(evil)).toBe(
    "Found the following in the state database but not available as a configured job:\n\ta\\x0a\\x1b[31m\n\tb\n",
  );
});

test("a name that a module which cannot be imported may define is no ghost", () => {
  const registry = { ...makeRegistry(), unknownParents: new Set(["maybe"]) };
  expect(ghosts(viewOf(registry, [row("maybe"), row("gone")])).map(({ name }) => name)).toEqual(["gone"]);
});
