/** From words to one verb with checked options. Owns yargs, and what may stand together; a mistake is thrown, nothing is run. */
import yargs from "yargs";
import type { Invocation } from "../app.ts";
import { didYouMean } from "../config/suggest.ts";
import { UsageError } from "../core/errors.ts";
import { hasControl, parseDuration, quoted } from "../core/text.ts";
import { isZone } from "../core/zone.ts";
import type { Call, Given } from "./call.ts";
import { COMMANDS, type Command, commandOf } from "./commands.ts";
import { isInstant, isMoment } from "./instant.ts";
import { EVERYWHERE, OLD_FLAGS, type OldFlag, OPTIONS, type Option } from "./options.ts";
import type { Words } from "./words.ts";

const BIGGEST = 1_000_000;
/** Ten years, in seconds. */
const LONGEST = 10 * 366 * 86_400;

/** Throws UsageError. `env` and `cwd` only travel through. */
export function parse(words: Words, { env, cwd }: Pick<Invocation, "env" | "cwd">): Call {
  const values = typed(words);
  const { command, operands, old } = choose(words, values);
  checkOptions(command, values);
  checkOperands(command, operands);
  checkForce(command, operands, values);
  const conf = text(values, "config");
  const invocation: Invocation = { conf, overrides: words.overrides, env, cwd };
  return { verb: command.verb, invocation, operands, given: givenOf(values), old };
}

type Values = ReadonlyMap<string, unknown>;

/** Values in the types of their options. */
function typed({ options }: Words): Values {
  const known = Object.fromEntries(OPTIONS.map((option) => [option.name, declaration(option)]));
  // yargs takes one pair of quotes off: the value's own are part of it.
  const argv = [...options].map(([name, value]) => (value === true ? `--${name}` : `--${name}="${value}"`));
  const parser = yargs()
    .parserConfiguration({ "dot-notation": false, "camel-case-expansion": false, "boolean-negation": false, "parse-numbers": false })
    .help(false)
    .version(false)
    .options(known)
    .exitProcess(false)
    .locale("en")
    .fail((message, error) => {
      // yargs wraps what a coercion throws in an error of its own.
      if (error && error.name !== "YError") throw error;
      throw new UsageError(error?.message ?? message);
    });
  const read = parser.parseSync(argv) as Record<string, unknown>;
  return new Map([...options.keys()].map((name) => [name, read[name]]));
}

function declaration({ name, kind, choices }: Option): { type: "boolean" | "string"; coerce?: (value: string) => unknown } {
  if (kind === "flag") return { type: "boolean" };
  const refuse = (value: string, takes: string) => new UsageError(`--${name} cannot be ${quoted(value)}: ${takes}`);
  const coerce = (value: string): unknown => {
    // Everything is declared, so everything passes here: absent options too.
    if (typeof value !== "string") return value;
    if (hasControl(value)) throw refuse(value, "it has control characters");
    if (kind === "list") return wordsOf(value, choices ?? [], refuse);
    if (choices && !choices.includes(value)) throw refuse(value, `it takes ${choices.join(" or ")}`);
    return READ[kind](value, (takes) => refuse(value, takes));
  };
  return { type: "string", coerce };
}

/** `failing,blocked`: of what there is. */
function wordsOf(value: string, choices: readonly string[], refuse: (value: string, takes: string) => UsageError): string[] {
  const all = value.split(",").map((word) => word.trim());
  const wrong = all.find((word) => !choices.includes(word));
  if (wrong !== undefined) throw refuse(wrong, didYouMean(wrong, choices) ?? `it takes some of ${choices.join(", ")}`);
  return all;
}

type Refuse = (takes: string) => UsageError;
const READ: Readonly<Record<Exclude<Option["kind"], "flag" | "list">, (value: string, refuse: Refuse) => unknown>> = {
  text: (value) => value,
  count: (value, refuse) => {
    if (!/^\d+$/.test(value) || Number(value) < 1 || Number(value) > BIGGEST) throw refuse(`it takes a whole number from 1 to ${BIGGEST}`);
    return Number(value);
  },
  some: (value, refuse) => {
    if (!/^\d+$/.test(value) || Number(value) > BIGGEST) throw refuse(`it takes a whole number from 0 to ${BIGGEST}`);
    return Number(value);
  },
  duration: (value, refuse) => {
    const seconds = /[smhdw]$/.test(value) ? parseDuration(value) : null;
    if (seconds === null || seconds < 1 || seconds > LONGEST) throw refuse("it takes a time with its unit, such as 90s, 30m, 2h, 1d or 1w");
    return seconds;
  },
  number: (value, refuse) => {
    const digits = /^#?(\d{1,18})$/.exec(value)?.[1];
    if (digits === undefined) throw refuse("it takes a run's number, as history shows it: 48121");
    return BigInt(digits);
  },
  instant: (value, refuse) => {
    if (!isInstant(value)) throw refuse("it takes a date and time: 2026-11-20T03:00, 2026-11-20T03:00Z or 2026-11-20T03:00+01:00");
    return value;
  },
  moment: (value, refuse) => {
    if (isMoment(value)) return value;
    throw refuse("it takes a span such as 90m, 2h or 1d, or a date and time: 2026-11-20T03:00, 2026-11-20T03:00Z");
  },
  zone: (value, refuse) => {
    if (!isZone(value)) throw refuse("it takes the name of a time zone: UTC or Europe/Berlin");
    return value;
  },
};

interface Choice {
  readonly command: Command;
  readonly operands: readonly string[];
  readonly old: boolean;
}

/** A verb, one flag of the Python tool, or neither: a pass. Two of them contradict each other, and neither is done. */
function choose({ words }: Words, values: Values): Choice {
  const flags = OLD_FLAGS.filter((flag) => values.has(flag.name));
  const [verb, ...rest] = words;
  const [flag, second] = flags;
  const command = verb === undefined ? undefined : knownVerb(verb, flags);
  if (flag && (second || command)) throw contradiction(flag, second ? `--${second.name}` : `the verb ${verb}`);
  if (values.has("help"))
    return { command: need("help"), operands: command && command.verb !== "help" ? [command.verb] : rest, old: false };
  if (flag)
    return {
      command: need(flag.verb),
      operands: [...flag.words, ...(flag.kind === "text" && !flag.choices ? [text(values, flag.name) ?? ""] : [])],
      old: true,
    };
  return { command: command ?? need("run"), operands: rest, old: false };
}

function contradiction(flag: OldFlag, other: string): UsageError {
  const hint = flag.name === "version" ? " (-v is the version; to hear more write --verbose)" : "";
  return new UsageError(`--${flag.name} and ${other} are two things to do: write one of them${hint}`);
}

function knownVerb(word: string, flags: readonly OldFlag[]): Command {
  const command = commandOf(word);
  if (command) return command;
  const taker = flags.find((flag) => flag.kind === "text");
  if (taker) throw new UsageError(`--${taker.name} takes one value, and ${quoted(word)} is left over`);
  const meant = didYouMean(word, [...COMMANDS.map(({ verb }) => verb), ...OLD_FLAGS.map(({ name }) => `--${name}`)]);
  throw new UsageError(
    `there is no verb ${quoted(word)}: ${meant ?? "to run a job write crontabber run NAME; crontabber help lists the verbs"}`,
  );
}

function need(verb: string): Command {
  const command = commandOf(verb);
  if (!command) throw new Error(`no command ${verb}`);
  return command;
}

function checkOptions(command: Command, values: Values): void {
  const old = new Set(OLD_FLAGS.map(({ name }) => name));
  const everywhere = new Set(EVERYWHERE.map(({ name }) => name));
  for (const name of values.keys()) {
    if (old.has(name) || everywhere.has(name) || command.options.some((option) => option.name === name) || command.verb === "help")
      continue;
    const owners = COMMANDS.filter(({ options }) => options.some((option) => option.name === name)).map(({ verb }) => verb);
    throw new UsageError(`--${name} means nothing to ${command.verb}: it is an option of ${owners.join(", ")}`);
  }
  if (values.has("color") && values.has("no-color")) throw new UsageError("--color and --no-color contradict each other");
  if (values.has("quiet") && values.has("verbose")) throw new UsageError("--quiet and --verbose contradict each other");
}

function checkOperands({ verb, operands: takes }: Command, operands: readonly string[]): void {
  const missing = takes.slice(operands.length).find(({ required }) => required);
  if (missing)
    throw new UsageError(
      `${verb} needs ${missing.choices?.join(" or ") ?? missing.name}: crontabber ${verb} ${takes.map(({ name }) => name).join(" ")}`,
    );
  const extra = takes.at(-1)?.many ? undefined : operands[takes.length];
  if (extra !== undefined) {
    const most = takes.length === 0 ? "no NAME" : takes.length === 1 ? `one ${takes[0]?.name}` : `${takes.length} words`;
    throw new UsageError(`${verb} takes ${most}, and ${quoted(extra)} is left over`);
  }
  for (const [i, operand] of operands.entries()) {
    const { name = "", choices } = takes[i] ?? takes.at(-1) ?? {};
    if (operand.trim() === "") throw new UsageError(`${verb}: ${name} is empty`);
    if (hasControl(operand)) throw new UsageError(`${verb}: ${name} ${quoted(operand)} has control characters`);
    if (choices && !choices.includes(operand)) {
      throw new UsageError(`${verb} cannot ${quoted(operand)}: ${didYouMean(operand, choices) ?? `it takes ${choices.join(" or ")}`}`);
    }
  }
}

/** What is only said of one job is never done to all of them. */
function checkForce({ verb }: Command, operands: readonly string[], values: Values): void {
  if (verb !== "run" || operands.length > 0) return;
  for (const name of ["force", "slot", "note", "detach"]) {
    if (values.has(name)) throw new UsageError(`--${name} needs the name of a job: crontabber run NAME --${name}`);
  }
}

function text(values: Values, name: string): string | null {
  const value = values.get(name);
  return typeof value === "string" ? value : null;
}

function list(values: Values, name: string): string[] {
  return (values.get(name) as string[] | undefined) ?? [];
}

function givenOf(values: Values): Given {
  const number = (name: string) => (values.get(name) as number | undefined) ?? null;
  return {
    verbose: values.has("verbose"),
    quiet: values.has("quiet"),
    colour: values.has("color") ? true : values.has("no-color") ? false : null,
    ascii: values.has("ascii"),
    json: values.has("json"),
    force: values.has("force"),
    exposeSecrets: values.has("admin.expose_secrets"),
    tz: text(values, "tz"),
    slot: text(values, "slot"),
    count: number("count"),
    limit: number("limit"),
    run: (values.get("run") as bigint | undefined) ?? null,
    lasts: number("for"),
    note: text(values, "note"),
    skip: values.has("skip"),
    ...{
      detach: values.has("detach"),
      payload: text(values, "payload"),
      debounce: number("debounce"),
      atMostEvery: number("at-most-every"),
    },
    ...{ from: text(values, "from"), to: text(values, "to"), dryRun: values.has("dry-run") },
    ...{ again: values.has("again"), cancel: values.has("cancel") },
    ...{ format: text(values, "format"), noState: values.has("no-state"), offline: values.has("offline"), every: number("every") },
    ...{ durations: text(values, "durations"), fail: text(values, "fail"), failOn: text(values, "fail-on"), other: text(values, "with") },
    ...{ watch: values.has("watch"), states: list(values, "state"), columns: list(values, "columns"), sort: text(values, "sort") },
    ...{ since: text(values, "since"), until: text(values, "until"), at: text(values, "at"), outcomes: list(values, "outcome") },
    progress: (text(values, "progress") ?? "auto") as Given["progress"],
    ...{ follow: values.has("follow"), all: values.has("all"), tail: number("tail") },
    ...{ http: text(values, "http"), textfile: text(values, "textfile") },
  };
}
