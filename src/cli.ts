#!/usr/bin/env node
/** The entry: from arguments to one verb, and to the exit code. Decides nothing. */
import { EXIT } from "./cli/exit.ts";
import { endOnSignals, flushed, watchPipes } from "./cli/io.ts";
import { plainOf } from "./cli/plain.ts";
import { readWords } from "./cli/words.ts";

const verbose = process.argv.includes("--verbose");

async function main(argv: readonly string[]): Promise<number> {
  try {
    const words = readWords(argv);
    const plain = plainOf(words);
    if (plain) return await (await import("./cli/pass.ts")).passOver(plain);
    const { parse } = await import("./cli/parse.ts");
    const call = parse(words, { env: process.env, cwd: process.cwd() });
    const { load } = await import("./cli/load.ts");
    return await (await load(call.verb))(call);
  } catch (error) {
    return await fail(error);
  }
}

async function fail(error: unknown): Promise<number> {
  const { tellFailure } = await import("./cli/talk.ts");
  return tellFailure(error, { verbose });
}

watchPipes();
endOnSignals();
process.on("uncaughtException", (error) => {
  void fail(error).finally(() => process.exit(EXIT.software));
});
const code = await main(process.argv.slice(2));
await flushed();
process.exit(code);
