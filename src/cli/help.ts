/** Help texts, laid out by yargs from the tables. Owns no fact of its own. */
import yargs from "yargs";
import { wrapped } from "../report/safe.ts";
import { COMMANDS, type Command } from "./commands.ts";
import { EXITS, OF_CHECK } from "./exits.ts";
import { EVERYWHERE, OLD_FLAGS, type Option } from "./options.ts";
import { TOPICS, type Topic } from "./topics.ts";

const WIDEST = 110;
const EXIT_CODES = `Exit codes: ${EXITS.map(({ codes, says }) => `${codes} ${says}`).join("; ")}. ${OF_CHECK}`;

/** Everything there is. `width`: of the terminal. */
export async function helpText(width: number): Promise<string> {
  const page = blank(width)
    .usage(
      "cron for a fleet: several hosts, one PostgreSQL, each due job started by exactly one of them\n\nUsage: crontabber [VERB] [options]",
    )
    .epilogue(
      `Any option of the configuration file: --crontabber.error_retry_time=60, --sentry.dsn=..., --job:NAME.timeout=5m.\n\n${EXIT_CODES}\n\n` +
        `crontabber help VERB tells more; so does help TOPIC: ${TOPICS.map(({ name }) => name).join(", ")}.`,
    );
  for (const command of COMMANDS) page.command(usageOf(command), command.says);
  describe(page, "Options:", EVERYWHERE);
  describe(page, "Flags of the Python tool, and the verbs they stand for:", OLD_FLAGS);
  return `${await page.getHelp()}\n`;
}

/** One verb. */
export async function helpOf(command: Command, width: number): Promise<string> {
  const operands = command.operands.map(({ name, says }) => `  ${name}  ${says}`);
  const old = OLD_FLAGS.filter(({ verb }) => verb === command.verb).map(spellings);
  const parts = [
    `crontabber ${usageOf(command)} [options]: ${command.says}`,
    ...(operands.length > 0 ? [operands.join("\n")] : []),
    ...(command.more ? [command.more] : []),
    ...(old.length > 0 ? [`Also as: ${old.join("; ")}`] : []),
  ];
  const page = blank(width).usage(parts.join("\n\n"));
  describe(page, `Options of ${command.verb}:`, command.options);
  describe(page, "Options:", EVERYWHERE);
  return `${await page.getHelp()}\n`;
}

/** One topic, as text. */
export function helpOn({ title, blocks }: Topic, width: number): string {
  const room = Math.min(Math.max(width, 60), WIDEST);
  const parts = blocks.map((block) =>
    typeof block === "string"
      ? wrapped(block, room, 0).join("\n")
      : block.flatMap(([term, says]) => [term, ...wrapped(says, room - 6, 0).map((line) => `      ${line}`)]).join("\n"),
  );
  return `${[title, ...parts].join("\n\n")}\n`;
}

function blank(width: number) {
  return yargs()
    .scriptName("crontabber")
    .locale("en")
    .help(false)
    .version(false)
    .exitProcess(false)
    .wrap(Math.min(Math.max(width, 60), WIDEST))
    .parserConfiguration({ "dot-notation": false });
}

function usageOf({ verb, operands }: Command): string {
  const shown = operands.map(({ name, required, many }) => (required ? `<${name}>` : `[${name}${many ? ".." : ""}]`));
  return [verb, ...shown].join(" ");
}

const spellings = ({ name, short, also = [], value }: Option): string =>
  [...(short ? [`-${short}`] : []), `--${name}`, ...also.map((other) => `--${other}`)].join(", ") + (value ? ` ${value}` : "");

function describe(page: ReturnType<typeof blank>, group: string, options: readonly Option[]): void {
  for (const { name, short, also = [], value, says } of options) {
    const alias = [...(short ? [short] : []), ...also];
    page.option(name, { alias, group, describe: value ? `${value}: ${says}` : says, ...(value !== undefined && { requiresArg: true }) });
  }
}
