/** A typo never starts a job: every mistake on the command line is told with a way out, ends with 64, and nothing is touched. */
import { afterAll, expect, it } from "vitest";
import { makeSite } from "../helpers/hosts.ts";
import { freshDatabase } from "../helpers/pg.ts";

const database = await freshDatabase();
const site = makeSite(`
[crontabber]
    database_url = ${database.url}
[job:nightly-report]
    command = echo ran >> ran
    schedule = 1h
[job:vacuum]
    command = echo ran >> ran
    schedule = manual
`);
afterAll(async () => {
  await site.close();
  await database.drop();
});

const CASES: readonly [args: string[], says: string][] = [
  // verbs
  [["rn"], 'did you mean "run"?'],
  [["lst"], 'did you mean "list"?'],
  [["Run"], 'did you mean "run"?'],
  [["expalin", "vacuum"], 'did you mean "explain"?'],
  [["config-test"], 'did you mean "configtest"?'],
  [["list-jobs"], 'did you mean "--list-jobs"?'],
  [["nightly-report"], "to run a job write crontabber run NAME"],
  [["daemonize"], 'did you mean "daemon"?'],
  [[""], 'there is no verb ""'],
  [["help", "lst"], 'did you mean "list"?'],
  [["config"], "config needs print or init"],
  [["config", "prnt"], 'did you mean "print"?'],
  // flags
  [["--list-job"], 'did you mean "--list-jobs"?'],
  [["--jobs=vacuum"], 'did you mean "--job"?'],
  [["--reset-jb=vacuum"], 'did you mean "--reset-job"?'],
  [["--nagois"], 'did you mean "--nagios"?'],
  [["--admin.config=x.ini"], "--admin.conf"],
  [["run", "vacuum", "--froce"], 'did you mean "--force"?'],
  [["--crontabbr.lease=60"], 'did you mean "--crontabber.lease"?'],
  [["--constructor"], 'there is no option "--constructor"'],
  [["--__proto__=1"], 'there is no option "--__proto__"'],
  [["-x"], 'there is no option "-x"'],
  [["-nx"], 'there is no option "-x" (in "-nx")'],
  [["--explain", "vacuum"], "crontabber explain"],
  // overrides of the configuration
  [["--crontabber.leese=60"], 'did you mean "lease"?'],
  [["--crontabber.lease=soon"], "not a time span"],
  [["--crontabber.lease"], "--crontabber.lease needs a value"],
  [["--crontabber.lease", "--verbose"], '"--verbose" follows'],
  [["--crontabber.schema="], "schema"],
  [["list", "--crontabber.timezone=Mars/Base"], "Mars/Base"],
  [["configtest", "--crontabber.leese=60"], 'did you mean "lease"?'],
  [["check", "--crontabber.leese=60"], 'did you mean "lease"?'],
  // values
  [["--job"], "--job needs a value"],
  [["--job="], "--job needs a value, and it is empty"],
  [["--job", "--force"], '"--force" follows'],
  [["-j"], "-j needs a value"],
  [["--job=vacuum", "--job=vacuum"], "--job is given twice"],
  [["-c"], "-c needs a value"],
  [["--force=yes", "run", "vacuum"], "--force takes no value"],
  [["next", "--count", "0"], "whole number"],
  [["next", "--count", "many"], "whole number"],
  [["history", "vacuum", "--limit=-5"], "whole number"],
  [["history", "vacuum", "--limit=1e3"], "whole number"],
  [["logs", "vacuum", "--run", "newest"], "run's number"],
  [["list", "--tz", "Europa/Berlin"], "time zone"],
  [["list", "--tz=+02:00"], "time zone"],
  [["run", "vacuum", "--slot", "tomorrow"], "date and time"],
  [["run", "vacuum", "--slot=2026-02-30"], "date and time"],
  [["--admin.print_conf=yaml"], "it takes ini"],
  // names
  [["run", "nigthly-report"], 'did you mean "nightly-report"?'],
  [["--job=vacum"], 'did you mean "vacuum"?'],
  [["run", "jobs.reports.Nightly"], "crontabber list shows them all"],
  [["run", ""], "NAME is empty"],
  [["run", "vac\nuum"], "control characters"],
  [["show", "vaccum"], 'did you mean "vacuum"?'],
  [["explain"], "explain needs NAME"],
  [["reset"], "reset needs NAME"],
  [["run", "nightly-report", "vacuum"], 'run takes one NAME, and "vacuum" is left over'],
  [["list", "vacum"], 'there is no job "vacum": did you mean "vacuum"?'],
  [["list", "--state", "failng"], '--state cannot be "failng": did you mean "failing"?'],
  [["list", "--columns", "job,x"], '--columns cannot be "x": it takes some of job, '],
  [["ghosts", "vacuum"], 'ghosts takes no NAME, and "vacuum" is left over'],
  [["--job=vacuum", "nightly-report"], "left over"],
  // together
  [["--force"], "--force needs the name of a job"],
  [["-f", "run"], "--force needs the name of a job"],
  [["run", "--slot", "2026-11-20"], "--slot needs the name of a job"],
  [["--list-jobs", "--nagios"], "two things to do"],
  [["--job=vacuum", "--reset-job=vacuum"], "two things to do"],
  [["list", "--job=vacuum"], "two things to do"],
  [["run", "vacuum", "-v"], "to hear more write --verbose"],
  [["migrate", "--json"], "--json means nothing to migrate"],
  [["list", "--force"], "--force means nothing to list"],
  [["--run", "3"], "--run means nothing to run: it is an option of logs"],
  [["-q", "--verbose"], "contradict"],
  [["--color", "--no-color", "list"], "contradict"],
];

it.concurrent.each(CASES)("%j", async (args, says) => {
  const { code, stdout, stderr } = await site.run("web-1", args);
  expect(stderr).toContain(says);
  expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
});

it("nothing ran, and the database is as empty as before", async () => {
  const client = await database.client();
  const { rows } = await client.query("select relname from pg_class where relnamespace = 'public'::regnamespace");
  expect(rows).toEqual([]);
  expect(site.lines("ran")).toEqual([]);
});
