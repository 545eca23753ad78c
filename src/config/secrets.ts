/** What must not be shown: keys that name secrets, passwords inside addresses. */
import type { Config } from "./config.ts";
import type { Section } from "./tree.ts";

const MASK = "********";
const SECRET_KEY = /pass(word|wd|phrase)?$|secret|token|dsn$|credential|(api|private|access|auth)_?key|^(webhook|ping)(_url)?$/i;
/** Only references, no text of its own: shows where the secret is, not what it is. */
const REFERENCE = /^(\$\{\w+\}|%\(\w+\)s)+$/;

/** The text without what is secret about it. `section`: the one it stands in; all of `[secrets]` is. */
export function maskValue(key: string, text: string, section?: Section): string {
  if (text === "" || REFERENCE.test(text)) return text;
  for (let at: Section | null | undefined = section; at; at = at.parent) if (at.name === "secrets") return MASK;
  if (SECRET_KEY.test(key)) return MASK;
  return key === "env" ? text.replace(/(^|[\s,"'])(\w+)=([^,\n"']*)/g, maskVariable) : text;
}

function maskVariable(whole: string, before: string, name: string, value: string): string {
  const secret = SECRET_KEY.test(name) || /key$/i.test(name);
  return secret && value !== "" && !REFERENCE.test(value) ? `${before}${name}=${MASK}` : whole;
}

/** What the scheduler itself knows and nobody else may read. */
export function credentialsOf({ httpToken, sentryDsn, alerts, database }: Config): (string | null)[] {
  return [httpToken, sentryDsn, alerts.webhook, alerts.pingUrl, database?.kind === "server" ? database.connection.password : null];
}

/** What the section and those inside it have under keys that name secrets. */
export function secretsIn(section: Section): string[] {
  const own = [...section.values].filter(([key, { text }]) => text !== "" && maskValue(key, text, section) === MASK);
  return [...own.map(([, { text }]) => text), ...[...section.sections.values()].flatMap(secretsIn)];
}

/** The text with each of the secrets masked wherever it stands, as it is and as an address spells it. Short ones are words, too: they stay. */
export function maskSecrets(text: string, secrets: readonly (string | null)[]): string {
  const long = secrets.filter((secret) => secret !== null && secret.length >= 6) as string[];
  return long.flatMap((secret) => [secret, encodeURIComponent(secret)]).reduce((clean, secret) => clean.replaceAll(secret, MASK), text);
}

/** `://user:secret@` and `?password=secret` wherever they stand. */
export function maskUrls(text: string): string {
  return text.replace(/(:\/\/[^:@/\s]*):[^\s'"]*@/g, `$1:${MASK}@`).replace(/([?&](?:password|token)=)[^&\s]+/gi, `$1${MASK}`);
}
