/** `completion bash|zsh|fish`: a script for the shell; `completion jobs`: the names it asks for, quickly and without a word of trouble. */
import { rememberedNames } from "../../app.ts";
import { after, ticks } from "../../clock.ts";
import type { Call } from "../call.ts";
import { answer, flushed } from "../io.ts";

/** Milliseconds since the process began after which nobody waits for names any more. */
const PATIENCE_MS = 300;

export async function handle(call: Call): Promise<number> {
  switch (call.operands[0]) {
    case "bash":
      answer((await import("../completion-bash.ts")).bashScript());
      break;
    case "zsh":
      answer((await import("../completion-zsh.ts")).zshScript());
      break;
    case "fish":
      answer((await import("../completion-fish.ts")).fishScript());
      break;
    default:
      await names(call);
  }
  return 0;
}

/** Half a line typed is no time to complain: whatever is wrong, there are no names. */
async function names({ invocation }: Call): Promise<void> {
  const giveUp = after(Math.max(0, PATIENCE_MS - ticks()), () => process.exit(0));
  try {
    const known = await rememberedNames(invocation);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a name with one of these cannot be typed
    answer(known.flatMap((name) => (/[\u0000-\u001f\u007f]/.test(name) ? [] : [`${name}\n`])).join(""));
    await flushed();
  } catch {
    // No file, or one that cannot be read: configtest says so to whoever asks.
  } finally {
    giveUp();
  }
}
