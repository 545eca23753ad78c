/** `list --watch`: on a terminal a screen that is drawn again, elsewhere what has changed. Owns when to look and the screen. */
import { listDocument } from "../report/list.ts";
import { columns, cutColumns } from "../report/safe.ts";
import type { Document } from "../report/view.ts";
import type { Store } from "../store/store.ts";
import { answer } from "./io.ts";
import type { Looked } from "./verbs/list.ts";
import { waker } from "./waker.ts";

/** Milliseconds between two looks. */
const EVERY_MS = 2_000;
/** Another screen, without a cursor; and back to what was there. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";

export interface Watching {
  readonly store: Store;
  look(): Promise<Looked>;
  readonly json: boolean;
  text(looked: Looked): string;
}

/** Until somebody ends us. */
export async function watch({ store, look, json, text }: Watching): Promise<number> {
  const awake = waker(store, null);
  const screen = process.stdout.isTTY && !json ? new Screen() : null;
  let before = "";
  for (;;) {
    const looked = await awake.patiently(look);
    const document = listDocument(looked.view, looked.wish);
    screen?.draw(() => text(looked));
    const now = JSON.stringify(settled(document));
    if (!screen && now !== before) answer(json ? JSON.stringify(document) : text(looked));
    before = now;
    await awake.sleep(EVERY_MS);
  }
}

/** Without what only time changes. */
function settled({ jobs }: Document): unknown {
  return (jobs as readonly Record<string, unknown>[]).map(({ state_text: _, late_seconds: __, lease_until: ___, ...job }) => job);
}

class Screen {
  #text: () => string = () => "";

  constructor() {
    process.stdout.write(ENTER);
    process.on("exit", () => process.stdout.write(LEAVE));
    process.stdout.on("resize", () => this.draw(this.#text));
  }

  /** What does not fit is said to be there. */
  draw(text: () => string): void {
    this.#text = text;
    const { rows = 24, columns: width = 80 } = process.stdout;
    const lines = text().replace(/\n$/, "").split("\n");
    const room = rows - 1;
    const more = lines.length - room;
    const shown = more > 0 ? [...lines.slice(0, room - 1), `… ${more + 1} more lines`] : lines;
    const fitted = shown.map((line) => (columns(stripped(line)) > width ? cutColumns(stripped(line), width) : line));
    process.stdout.write(`\u001b[H${fitted.map((line) => `${line}\u001b[K`).join("\n")}\u001b[J`);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours are what is looked for
const stripped = (line: string): string => line.replace(/\u001b\[\d+m/g, "");
