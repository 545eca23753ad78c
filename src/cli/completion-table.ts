/** What shells complete, taken from the tables of commands and options. Owns which kind of word stands where; writes no script. */
import { COMMANDS, type Command, type Operand } from "./commands.ts";
import { EVERYWHERE, OLD_FLAGS, type Option } from "./options.ts";
import { TOPICS, type Topic } from "./topics.ts";

/** What may be typed in a place. */
export type Words =
  | { readonly kind: "jobs" }
  | { readonly kind: "files" }
  | { readonly kind: "choices"; readonly choices: readonly string[] }
  /** Anything: a date, a number, a note. */
  | { readonly kind: "free" };

export interface ShellOption {
  /** With its dashes: `--config`, `-c`. */
  readonly spellings: readonly string[];
  readonly says: string;
  /** Null: it takes none. */
  readonly value: Words | null;
}

export interface ShellVerb {
  readonly verb: string;
  readonly says: string;
  readonly operands: readonly Words[];
  /** The last operand may come again. */
  readonly many: boolean;
  readonly options: readonly ShellOption[];
}

export const everywhere: readonly ShellOption[] = EVERYWHERE.map(shellOption);
/** Without a verb only. */
export const oldFlags: readonly ShellOption[] = OLD_FLAGS.map(shellOption);
export const verbs: readonly ShellVerb[] = COMMANDS.map((command) => ({
  ...{ verb: command.verb, says: command.says, many: command.operands.at(-1)?.many === true },
  operands: command.operands.map((operand) => wordsOf(command, operand)),
  options: command.options.map(shellOption),
}));

/** Every spelling of an option with a value, by what that may be. */
export function valued(): readonly { readonly spellings: readonly string[]; readonly value: Words }[] {
  const all = [...everywhere, ...oldFlags, ...verbs.flatMap(({ options }) => options)];
  const once = new Map(all.map((option) => [option.spellings.join(), option]));
  return [...once.values()].flatMap(({ spellings, value }) => (value === null ? [] : [{ spellings, value }]));
}

function nameOf(one: Command | Topic): string {
  return "verb" in one ? one.verb : one.name;
}

function shellOption({ name, short, also = [], kind, value, choices, says }: Option): ShellOption {
  const spellings = [...(short ? [`-${short}`] : []), `--${name}`, ...also.map((other) => `--${other}`)];
  if (kind === "flag") return { spellings, says, value: null };
  if (choices) return { spellings, says, value: { kind: "choices", choices } };
  return { spellings, says, value: { kind: value === "FILE" ? "files" : value === "NAME" ? "jobs" : "free" } };
}

function wordsOf({ verb }: Command, { name, choices }: Operand): Words {
  if (choices) return { kind: "choices", choices };
  if (name === "NAME") return { kind: "jobs" };
  if (name === "FILE") return { kind: "files" };
  return verb === "help" ? { kind: "choices", choices: [...COMMANDS, ...TOPICS].map(nameOf) } : { kind: "free" };
}

/** For the shells' single quotes. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
