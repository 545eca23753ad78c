/** `help [VERB|TOPIC]`. */
import { didYouMean } from "../../config/suggest.ts";
import { UsageError } from "../../core/errors.ts";
import { quoted } from "../../core/text.ts";
import type { Call } from "../call.ts";
import { COMMANDS, commandOf } from "../commands.ts";
import { helpOf, helpOn, helpText } from "../help.ts";
import { answer } from "../io.ts";
import { TOPICS, topicOf } from "../topics.ts";

/** Where the answer is no terminal. */
const WIDTH = 100;

export async function handle({ operands: [verb] }: Call): Promise<number> {
  const width = process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : WIDTH;
  const topic = verb === undefined ? undefined : topicOf(verb);
  if (topic) {
    answer(helpOn(topic, width));
    return 0;
  }
  const command = verb === undefined ? null : commandOf(verb);
  if (command === undefined) {
    const verbs = [...COMMANDS.map((known) => known.verb), ...TOPICS.map(({ name }) => name)];
    throw new UsageError(`there is no verb ${quoted(verb ?? "")}: ${didYouMean(verb ?? "", verbs, "crontabber help lists them")}`);
  }
  answer(command ? await helpOf(command, width) : await helpText(width));
  return 0;
}
