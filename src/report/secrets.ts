/** A job's own values before they are shown. Owns which keys look secret; what a text may hide is mask.ts's. */
import { masked } from "./mask.ts";

const SECRET = /pass(word|phrase|wd)?$|secret|token|credential|api_?key|private_?key|(^|_)dsn$|(^|_)auth$/i;

/** The value with what looks like a secret masked, by its key or by its own looks. Keeps its shape. */
export function safeValue(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => safeValue(key, item));
  if (typeof value === "object" && value !== null) return safeValues(value as Record<string, unknown>);
  if (value === null || value === "" || typeof value === "boolean") return value;
  if (SECRET.test(key)) return "***";
  return typeof value === "string" ? masked(value) : value;
}

/** Every value of an object, each by its own key. */
export function safeValues(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, safeValue(key, value)]));
}
