/**
 * Takes a command line apart as getopt does: options with or without `=`, letters in a cluster, options and words mixed, `--`.
 * Knows which options there are, not what they mean together. Loads nothing: every pass from cron starts here.
 */
import { didYouMean } from "../config/suggest.ts";
import { UsageError } from "../core/errors.ts";
import { quoted } from "../core/text.ts";
import { commandOf } from "./commands.ts";
import { LONG, type Option, SHORT } from "./options.ts";

export interface Words {
  /** What is no option, in order. */
  readonly words: readonly string[];
  /** By the option's name; true for a flag. */
  readonly options: ReadonlyMap<string, string | true>;
  /** `--crontabber.lease=60` and the like, in order; the last of a key wins. */
  readonly overrides: readonly { readonly key: string; readonly value: string }[];
}

/** What may stand before the first dot of an option that overrides the configuration file. */
export const SECTIONS = ["crontabber", "sentry", "alerts", "resource", "secrets", "logging"] as const;
const OVERRIDE = new RegExp(`^(?:(?:${SECTIONS.join("|")})\\.|job:).`);

/** Throws UsageError, with a suggestion where something is near. */
export function readWords(argv: readonly string[]): Words {
  const reader = new Reader(argv);
  while (reader.next()) {
    // One word, or one option with its value.
  }
  return reader;
}

class Reader implements Words {
  readonly words: string[] = [];
  readonly options = new Map<string, string | true>();
  readonly overrides: { key: string; value: string }[] = [];
  readonly #argv: readonly string[];
  #at = 0;

  constructor(argv: readonly string[]) {
    this.#argv = argv;
  }

  /** False: the end is reached. */
  next(): boolean {
    const word = this.#argv[this.#at++];
    if (word === undefined) return false;
    if (word === "--") this.words.push(...this.#argv.slice(this.#at));
    else if (word.startsWith("--")) this.#long(word);
    else if (/^-./.test(word)) this.#cluster(word);
    else this.words.push(word);
    return word !== "--";
  }

  #long(word: string): void {
    const cut = word.indexOf("=");
    const name = word.slice(2, cut === -1 ? undefined : cut);
    const written = cut === -1 ? null : word.slice(cut + 1);
    if (OVERRIDE.test(name)) {
      this.overrides.push({ key: name, value: written ?? this.#value(`--${name}`) });
      return;
    }
    const option = LONG.get(name);
    if (!option) throw new UsageError(`there is no option ${quoted(`--${name}`)}${suggestion(name)}`);
    if (option.kind === "flag" && written !== null) throw new UsageError(`--${name} takes no value, and ${quoted(written)} was given`);
    this.#set(option, `--${name}`, written);
  }

  /** `-nv`, `-j NAME`, `-jNAME`, `-j=NAME`. */
  #cluster(word: string): void {
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] as string;
      const option = this.#lettered(letter);
      if (!option) throw new UsageError(`there is no option ${quoted(`-${letter}`)}${word.length > 2 ? ` (in ${quoted(word)})` : ""}`);
      const rest = word.slice(i + 1).replace(/^=/, "");
      const takesRest = option.kind !== "flag" && word.length > i + 1;
      this.#set(option, `-${letter}`, takesRest ? rest : null);
      if (takesRest) return;
    }
  }

  /** `-f` follows with `logs`, and forces everywhere else: a verb's own letter goes first. */
  #lettered(letter: string): Option | undefined {
    const [verb = "run"] = this.words;
    return commandOf(verb)?.options.find(({ short }) => short === letter) ?? SHORT.get(letter);
  }

  #set(option: Option, shown: string, written: string | null): void {
    const value = option.kind === "flag" ? true : (written ?? this.#value(shown));
    if (value === "") throw new UsageError(`${shown} needs a value, and it is empty`);
    if (value !== true && this.options.has(option.name)) throw new UsageError(`${shown} is given twice`);
    this.options.set(option.name, value);
  }

  /** The next word; one with a dash is rather an option whose neighbour lost its value. */
  #value(shown: string): string {
    const value = this.#argv[this.#at];
    if (value === undefined) throw new UsageError(`${shown} needs a value`);
    if (value.startsWith("-"))
      throw new UsageError(`${shown} needs a value, and ${quoted(value)} follows (write ${shown}=VALUE if it is one)`);
    this.#at++;
    return value;
  }
}

/** `: did you mean …?`, or nothing. An unknown section of the configuration file is looked for among those that exist. */
function suggestion(name: string): string {
  if (commandOf(name)) return `: ${name} is a verb, write crontabber ${name}`;
  const cut = name.indexOf(".");
  const overrides = cut > 0 ? SECTIONS.map((section) => `--${section}${name.slice(cut)}`) : [];
  const meant = didYouMean(`--${name}`, [...[...LONG.keys()].map((known) => `--${known}`), ...overrides]);
  return meant === undefined ? " (crontabber help lists them)" : `: ${meant}`;
}
