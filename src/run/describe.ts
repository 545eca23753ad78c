/** Errors of any shape as records. Owns the reading of what a job threw; never throws, whatever was thrown. */
import { inspect } from "node:util";
import type { ErrorRecord } from "../core/errors.ts";
import { cut } from "./sanitise.ts";

const MAX_CAUSES = 8;
const MAX_PARTS = 10;

/** `extra` comes behind the three keys of the original. Every text is cleaned and cut. */
export function record(type: string, value: string, traceback = "", extra: Record<string, unknown> = {}): ErrorRecord {
  return { type: cut(type), value: cut(value), traceback: cut(traceback), ...extra };
}

/**
 * What was thrown: an Error, or null, a string, an object with throwing getters. Causes are followed to a depth of eight,
 * of an AggregateError's errors ten are kept; a `code` (SQLSTATE, ENOENT) comes along.
 */
export function describe(thrown: unknown, depth = 0): ErrorRecord {
  if (!looksLikeError(thrown)) return record(typeOf(thrown), textOf(thrown));
  const message = attempt(() => String(thrown.message)) ?? "";
  const code = attempt(() => thrown.code);
  const cause = attempt(() => thrown.cause);
  const parts = attempt(() => (Array.isArray(thrown.errors) ? thrown.errors.slice(0, MAX_PARTS) : undefined));
  const deeper = depth < MAX_CAUSES;
  return record(typeOf(thrown), message, framesOf(thrown), {
    ...((typeof code === "string" || typeof code === "number") && { code: typeof code === "string" ? cut(code, 1024) : code }),
    ...(deeper && cause !== undefined && cause !== null && { cause: describe(cause, depth + 1) }),
    ...(deeper && parts && { errors: parts.map((part) => describe(part, MAX_CAUSES)) }),
  });
}

interface ErrorLike {
  readonly message: unknown;
  readonly stack?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** An Error of this or another realm, or an object that was made to look like one. */
function looksLikeError(thrown: unknown): thrown is ErrorLike {
  if (typeof thrown !== "object" || thrown === null) return false;
  return attempt(() => thrown instanceof Error || (typeof (thrown as ErrorLike).message === "string" && "stack" in thrown)) ?? false;
}

function typeOf(thrown: unknown): string {
  if (thrown === null) return "null";
  if (typeof thrown !== "object") return typeof thrown;
  const name = attempt(() => (thrown as { name?: unknown }).name);
  const made = attempt(() => (thrown as object).constructor.name);
  // A subclass that never set its name is called by its class; pg calls all of its errors "error".
  if (looksLikeError(thrown) && typeof name === "string" && name !== "" && !/^error$/i.test(name)) return name;
  return typeof made === "string" && made !== "" ? made : "object";
}

function textOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  const text = attempt(() =>
    inspect(thrown, { depth: 3, getters: false, customInspect: false, maxArrayLength: 50, maxStringLength: 8192 }),
  );
  return text ?? `a thrown ${typeof thrown} that cannot be read`;
}

/** Frames only: no header, no final line. Our own frames at the bottom say nothing about the job. */
function framesOf(thrown: ErrorLike): string {
  const stack = attempt(() => (typeof thrown.stack === "string" ? thrown.stack : "")) ?? "";
  const message = attempt(() => String(thrown.message)) ?? "";
  const at = message === "" ? -1 : stack.indexOf(message);
  const behind = at < 0 ? stack : stack.slice(at + message.length);
  const lines = behind.split("\n").filter((line) => /^\s+at /.test(line));
  while (lines.length > 0 && OWN.test(lines.at(-1) ?? "")) lines.pop();
  return lines.join("\n");
}

const OWN = new RegExp(`${import.meta.dirname.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}|node:internal/|/node_modules/jiti/`);

/** Getters and proxies of a thrown thing may throw themselves: undefined then. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // the thing's own code failed; there is nothing to read
  }
}
