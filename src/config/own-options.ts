/** Options a job declares in its code: text from the file takes the type of the declared default. Knows no option of ours. */
import { quoted } from "../core/text.ts";
import { Bad, type Written, yesNo } from "./kinds.ts";
import { splitList } from "./values.ts";

/** The value the text stands for where `initial` is the default: a number, a boolean, a list, an object as JSON, else the text itself. */
export function typedLike(initial: unknown, written: Written): unknown {
  const text = written.text.trim();
  if (typeof initial === "number") return toNumber(text);
  if (typeof initial === "boolean") return yesNo.read(written);
  if (Array.isArray(initial)) return toList(initial, written);
  if (typeof initial === "object" && initial !== null) return toObject(text);
  return written.form === "block" ? written.text : text;
}

function toNumber(text: string): number | Bad {
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : new Bad(`${quoted(text)} is not a number`, "its default in the code is one");
}

/** Items take the type of the default's items, if these agree on one. */
function toList(initial: readonly unknown[], { text }: Written): unknown {
  const types = new Set(initial.map((item) => typeof item));
  const like = types.size === 1 && ["number", "boolean"].includes(String([...types][0])) ? initial[0] : "";
  const items = splitList(text).map((item) => typedLike(like, { text: item.text, form: "plain" }));
  return items.find((item) => item instanceof Bad) ?? items;
}

function toObject(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // not JSON at all: said below, like any other JSON that is no object
  }
  return new Bad(`${quoted(text)} is not a JSON object`, 'its default in the code is one: write {"key": "value"}, or a section [[[name]]]');
}
