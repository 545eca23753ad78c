/** A job's own values before they are shown. Owns which keys look secret; what a text may hide is mask.ts's. */
import type { Job } from "../core/job.ts";
import { keepSecret, masked } from "./mask.ts";

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

/** Passwords as URLs carry them: `postgres://user:secret@host`. */
const URL_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^\s:@/'"]*:([^\s'"]*)@/gi;

/** The secrets among the values, as texts that can be looked for: those whose keys say so, and passwords in URLs. */
export function secretsIn(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([key, value]) => secretsOf(key, value));
}

function secretsOf(key: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => secretsOf(key, item));
  if (typeof value === "object" && value !== null) return secretsIn(value as Record<string, unknown>);
  if (typeof value !== "string") return [];
  return [...(SECRET.test(key) ? [value] : []), ...[...value.matchAll(URL_PASSWORD)].map(([, password = ""]) => password)];
}

/** What a job must not print: what is given, and what its own environment and options hold. From here on it is masked everywhere. */
export function jobSecrets(
  job: Pick<Job, "env" | "envPass" | "options">,
  { given, passed }: { readonly given: readonly (string | null)[]; readonly passed: Readonly<Record<string, string>> },
): string[] {
  const known = given.flatMap((secret) => (secret ? [secret, encodeURIComponent(secret)] : []));
  const secrets = [...known, ...secretsIn(passed), ...secretsIn(job.env), ...secretsIn(job.options)];
  keepSecret(...secrets);
  return secrets;
}
