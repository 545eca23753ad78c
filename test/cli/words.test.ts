import { describe, expect, it } from "vitest";
import { plainOf } from "#lib/cli/plain.js";
import { readWords } from "#lib/cli/words.js";

function read(...argv: string[]) {
  const { words, options, overrides } = readWords(argv);
  return {
    words,
    options: Object.fromEntries(options),
    overrides: overrides.map(({ key, value }) => `${key}=${value}`),
  };
}

it.each<[string[], Partial<ReturnType<typeof read>>]>([
  [[], {}],
  [["run", "a"], { words: ["run", "a"] }],
  [["--job", "a"], { options: { job: "a" } }],
  [["--job=a=b"], { options: { job: "a=b" } }],
  [["-j", "a", "-f"], { options: { job: "a", force: true } }],
  [["-ja"], { options: { job: "a" } }],
  [["-j=a"], { options: { job: "a" } }],
  [["-fja"], { options: { force: true, job: "a" } }],
  [["-fj", "a"], { options: { force: true, job: "a" } }],
  [["-ff"], { options: { force: true } }],
  [["-n"], { options: { nagios: true } }],
  [["--list"], { options: { "list-jobs": true } }],
  [["--admin.conf=x.ini"], { options: { config: "x.ini" } }],
  [["-c", "x.ini", "list"], { words: ["list"], options: { config: "x.ini" } }],
  [["list", "--config", "x.ini"], { words: ["list"], options: { config: "x.ini" } }],
  [["--crontabber.lease=60", "--crontabber.lease=90"], { overrides: ["crontabber.lease=60", "crontabber.lease=90"] }],
  [["--crontabber.lease", "60", "run"], { words: ["run"], overrides: ["crontabber.lease=60"] }],
  [["--crontabber.lease="], { overrides: ["crontabber.lease="] }],
  [["--crontabber.class-Foo.opt=-1"], { overrides: ["crontabber.class-Foo.opt=-1"] }],
  [["--job:vacuum.timeout=5m"], { overrides: ["job:vacuum.timeout=5m"] }],
  [["--secrets.sentry.dsn=x", "--logging.level=3"], { overrides: ["secrets.sentry.dsn=x", "logging.level=3"] }],
  [["run", "--", "--job"], { words: ["run", "--job"] }],
  [["run", "-"], { words: ["run", "-"] }],
])("%j", (argv, expected) => {
  expect(read(...argv)).toEqual({ words: [], options: {}, overrides: [], ...expected });
});

describe("a plain pass", () => {
  it.each([
    [[]],
    [["run"]],
    [["-c", "x.ini"]],
    [["--admin.conf=x.ini", "--verbose"]],
    [["--config", "x.ini", "run", "-q"]],
    [["--crontabber.lease=60", "run"]],
    [["--no-color", "--ascii"]],
  ])("%j is one", (argv) => {
    expect(plainOf(readWords(argv))).toMatchObject({ named: null });
  });

  it.each([[["run", "a"]], [["list"]], [["--job=a"]], [["--force"]], [["--help"]], [["--nagios"]], [["--json"]], [["-q", "--verbose"]]])(
    "%j is none",
    (argv) => {
      expect(plainOf(readWords(argv))).toBeNull();
    },
  );

  it("carries what was said", () => {
    const plain = plainOf(readWords(["--config=x.ini", "--crontabber.lease=60", "--verbose"]));
    expect(plain?.invocation).toMatchObject({ conf: "x.ini", overrides: [{ key: "crontabber.lease", value: "60" }], cwd: process.cwd() });
    expect(plain?.given).toEqual({ verbose: true, quiet: false, ascii: false, colour: null, json: false, progress: "auto" });
  });
});
