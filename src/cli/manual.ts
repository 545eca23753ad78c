/** The manual page, from the same tables as parser, help and completion. Owns its chapters; the language is roff.ts's. */
import { COMMANDS, type Command } from "./commands.ts";
import { OF_CHECK } from "./exits.ts";
import { EVERYWHERE, OLD_FLAGS, type OldFlag, type Option } from "./options.ts";
import { bold, italic, plain, Roff } from "./roff.ts";
import { type Block, FILES, TOPICS } from "./topics.ts";

/** For `man`, section 1. */
export function manual(version: string): string {
  const page = new Roff({ name: "crontabber", section: 1, version });
  page
    .section("Name")
    .text(plain("crontabber - cron for a fleet: several hosts, one PostgreSQL, each due job started by exactly one of them"));
  page.section("Synopsis");
  page.text(`${bold("crontabber")} [${italic("VERB")}] [${italic("NAME")}] [${italic("options")}]`);
  page.section("Description");
  page.text(
    plain(
      "Every host runs the same command, from its own system cron or as a daemon. Parents run before children, failures are retried, missed dates are made up, and what happened can be read in a terminal, on a page or with psql. Without a verb crontabber makes one pass over everything that is due.",
    ),
  );
  page.section("Verbs");
  for (const command of COMMANDS) verb(page, command);
  page.section("Options");
  for (const option of EVERYWHERE) page.item(spelt(option), plain(sentence(option.says)));
  page.item(
    `${bold("--crontabber.")}${italic("OPTION=VALUE")}, ${bold("--sentry.")}${italic("OPTION=VALUE")}, ${bold("--job:")}${italic("NAME")}${bold(".")}${italic("OPTION=VALUE")}`,
    plain("Any option of the configuration file."),
  );
  page.section("Flags of the Python tool");
  for (const flag of OLD_FLAGS)
    page.item(spelt(flag), `${plain("The same as")} ${bold(["crontabber", ...meaning(flag)].join(" "))}${plain(".")}`);
  for (const { title, blocks, name } of TOPICS) chapter(page, title, [...blocks, ...(name === "exit-codes" ? [OF_CHECK] : [])]);
  chapter(page, "Files", [FILES]);
  page.section("Examples");
  for (const [command, says] of EXAMPLES) page.item(bold(command), plain(says));
  return page.toString();
}

const EXAMPLES = [
  [
    "* * * * * crontabber -c /etc/crontabber.ini",
    "In the system cron of every host: one mail when something breaks, one when it is good again.",
  ],
  ["crontabber explain nightly-report", "Why it does not run now."],
  [
    "crontabber simulate --offline --from 2026-03-28 --to 2026-03-30 --fail-on collisions,never",
    "In continuous integration: nothing collides over the change of the clocks.",
  ],
  ["crontabber backfill nightly-report --from 2026-11-01 --to 2026-11-07 --dry-run", "Which dates that would run."],
] as const;

function verb(page: Roff, { verb: name, operands, options, says, more }: Command): void {
  const words = operands.map(({ name: word, required, many }) =>
    required ? italic(word) : `[${italic(word)}${many ? plain("...") : ""}]`,
  );
  page.item([bold(name), ...words].join(" "), plain(sentence(says)));
  if (more) page.more(plain(more));
  if (operands.length + options.length === 0) return;
  page.indent();
  for (const { name: word, says: meant, choices } of operands) {
    page.item(
      italic(word),
      plain(sentence(choices && !choices.every((one) => meant.includes(one)) ? `${meant} (${choices.join(", ")})` : meant)),
    );
  }
  for (const option of options) page.item(spelt(option), plain(sentence(option.says)));
  page.outdent();
}

function chapter(page: Roff, title: string, blocks: readonly Block[]): void {
  page.section(title);
  for (const block of blocks) {
    if (typeof block === "string") page.text(plain(block));
    else for (const [term, says] of block) page.item(bold(term), plain(sentence(says)));
  }
}

function spelt({ name, short, also = [], value }: Option): string {
  const names = [...(short ? [`-${short}`] : []), ...[name, ...also].map((one) => `--${one}`)].map(bold).join(", ");
  return value ? `${names} ${italic(value)}` : names;
}

const meaning = ({ verb: name, words, kind, choices, value }: OldFlag): string[] => [
  ...[name, ...words],
  ...(kind === "text" && !choices && value ? [value] : []),
];

/** The tables say things as halves of a line; a manual has sentences. */
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.:]$/.test(text) ? "" : "."}`;
