/**
 * The kinds of values options take: how their text in a file and their value in code are read, and what is wrong with a bad one.
 * Knows no option by name.
 */
import { parseDuration, printable, quoted } from "../core/text.ts";
import { isZone } from "../core/zone.ts";
import { didYouMean } from "./suggest.ts";
import { cutComment, type Form, splitList } from "./values.ts";

/** What is wrong with a value, to stand behind its key, and what to write instead. */
export class Bad {
  readonly message: string;
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    this.message = message;
    this.hint = hint;
  }
}

export interface Written {
  readonly text: string;
  readonly form: Form;
}

export interface Kind<T> {
  /** As a file, the environment or the command line has it. */
  readonly read: (written: Written) => T | Bad;
  /** As a job's code has it; any JSON value. */
  readonly take: (value: unknown) => T | Bad;
}

/** A value of code as a message shows it. */
export function shown(value: unknown): string {
  return typeof value === "string" ? quoted(value) : printable((JSON.stringify(value) ?? "undefined").slice(0, 60));
}

interface Range {
  readonly min: number;
  readonly max: number;
}
const within = (n: number, { min, max }: Range, unit: string): number | Bad =>
  n < min ? new Bad(`${n} is too small`, `at least ${min}${unit}`) : n > max ? new Bad(`${n} is too big`, `at most ${max}${unit}`) : n;

/** A kind whose code form is its text, or a number that can be written as text. */
function scalar<T>(read: (text: string) => T | Bad, types: readonly string[]): Kind<T> {
  return {
    read: ({ text }) => read(text.trim()),
    take: (value) => {
      if (!types.includes(typeof value)) return new Bad(`${shown(value)} is not a ${types.join(" or a ")}`);
      return read(String(value).trim());
    },
  };
}

/** Seconds: `90`, `30s`, `5m`. */
export function seconds(range: Range): Kind<number> {
  return scalar(
    (text) => {
      const n = parseDuration(text);
      return n === null
        ? new Bad(`${quoted(text)} is not a time span`, "write seconds, or one number and s, m, h, d or w: 30m")
        : within(n, range, " s");
    },
    ["string", "number"],
  );
}

export function decimal(range: Range): Kind<number> {
  return scalar(
    (text) =>
      /^\d+(\.\d+)?$/.test(text) ? within(Number(text), range, "") : new Bad(`${quoted(text)} is not a number`, "write 12 or 12.0"),
    ["string", "number"],
  );
}

export function integer(range: Range): Kind<number> {
  const bad = (text: string): Bad => new Bad(`${quoted(text)} is not a whole number`, `from ${range.min} to ${range.max}`);
  return scalar((text) => (/^\d+$/.test(text) ? within(Number(text), range, "") : bad(text)), ["string", "number"]);
}

/** `none`, or nothing at all, takes the limit away. In code: null. */
export function orNone<T>(kind: Kind<T>): Kind<T | null> {
  return {
    read: (written) => (/^(none|never|unlimited)?$/i.test(written.text.trim()) ? null : kind.read(written)),
    take: (value) => (value === null ? null : kind.take(value)),
  };
}

const YES = new Set(["yes", "true", "on", "1"]);
const NO = new Set(["no", "false", "off", "0"]);
export const yesNo: Kind<boolean> = {
  read: ({ text }) => {
    const word = text.trim().toLowerCase();
    return YES.has(word) ? true : NO.has(word) ? false : new Bad(`${quoted(text)} is neither yes nor no`, "write yes or no");
  },
  take: (value) => (typeof value === "boolean" ? value : new Bad(`${shown(value)} is neither true nor false`)),
};

export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  return scalar(
    (text) => {
      const known = words.find((word) => word === text);
      return known ?? new Bad(`${quoted(text)} is not known`, didYouMean(text, words, `one of ${words.join(", ")}`));
    },
    ["string"],
  );
}

export const plainText: Kind<string> = scalar((text) => text, ["string"]);

/** The zone that was probably meant. */
export function zoneHint(text: string): string | undefined {
  return didYouMean(text, [...Intl.supportedValuesOf("timeZone"), "UTC"]);
}

/** IANA zones. */
export const zone: Kind<string> = scalar(
  (text) => {
    if (isZone(text)) return text;
    return new Bad(`${quoted(text)} is not a time zone`, zoneHint(text) ?? "write an IANA name such as Europe/Berlin, or UTC");
  },
  ["string"],
);

/** A list of words that all match; the same word twice is one. In code: a list of strings, or one string. */
export function words(pattern: RegExp, what: string, hint?: string): Kind<readonly string[]> {
  const check = (items: readonly string[]): readonly string[] | Bad => {
    const wrong = items.find((item) => !pattern.test(item));
    return wrong === undefined ? [...new Set(items)] : new Bad(`${quoted(wrong)} is not ${what}`, hint);
  };
  return {
    read: ({ text, form }) => {
      const clean = form === "block" ? text.split("\n").map(cutComment).join("\n") : text;
      return check(splitList(clean).map((item) => item.text));
    },
    take: (value) => {
      const items = typeof value === "string" ? splitList(value).map((item) => item.text) : value;
      return isStrings(items) ? check(items) : new Bad(`${shown(value)} is not a list of strings`);
    },
  };
}

export const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === "string");

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const variableNames = words(
  NAME,
  "the name of an environment variable",
  "write names with commas between them: HTTP_PROXY, NO_PROXY",
);

/** `NAME=value`, as a list; what stands in quotes is one item, lines of a triple-quoted value are one item each. In code also an object. */
export const assignments: Kind<Readonly<Record<string, string>>> = {
  read: ({ text, form }) => assign(form === "quoted" ? [text] : form === "block" ? text.split("\n") : assignmentItems(text)),
  take: (value) => {
    if (isStrings(value)) return assign(value);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return new Bad("is neither an object nor a list of NAME=value");
    return assign(Object.entries(value).map(([name, item]) => `${name}=${typeof item === "string" ? item : JSON.stringify(item)}`));
  },
};

/** A comma splits only where another `NAME=` follows. */
function assignmentItems(text: string): string[] {
  const items: string[] = [];
  for (const { text: item, quoted: whole } of splitList(text)) {
    if (whole || items.length === 0 || /^[A-Za-z_]\w*=/.test(item)) items.push(item);
    else items[items.length - 1] += `,${item}`;
  }
  return items;
}

function assign(items: readonly string[]): Readonly<Record<string, string>> | Bad {
  const env: Record<string, string> = {};
  for (const item of items.map((line) => line.trim()).filter((line) => line !== "")) {
    const at = item.indexOf("=");
    const name = item.slice(0, Math.max(at, 0));
    if (!NAME.test(name)) return new Bad(`${quoted(item)} is not NAME=value`, "write env = FIRST=1, SECOND=two");
    env[name] = item.slice(at + 1);
  }
  return env;
}
