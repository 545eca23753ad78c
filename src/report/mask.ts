/** Keeps secrets out of whatever is told. Owns the patterns and the secrets it was given; never stores anything else. */

const MASK = "***";
/** `postgres://user:secret@host`: whatever stands between the name and the last @ of the word, but for the word our hints have there. */
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:@/'"]*:)(?!password@)[^\s'"]*@/gi;
/** A Sentry DSN's key. */
const URL_KEY = /\b(https?:\/\/)[^\s:@/'"]+@/gi;
/** `password=secret`, as connection strings have it; references say where a secret is, not what it is, and a shell's PWD is a folder. */
const PAIR = /((?:password|passwd|pwd(?!=\/)|token|secret)\s*=\s*)(?!\$\{|%\()(?:'[^']*'|"[^"]*"|[^\s&,;'")]+)/gi;

const secrets = new Set<string>();

/** Remembers secrets as they are written in the configuration, and as an address spells them. Short ones would mask half of every sentence: they are left to the patterns. */
export function keepSecret(...values: readonly (string | null | undefined)[]): void {
  for (const value of values) if (value && value.length >= 6) secrets.add(value).add(spelled(value));
}

function spelled(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    // Half a character: no address has it.
    return value;
  }
}

/** The text with passwords in URLs, keys of DSNs and every secret we know of replaced by `***`. */
export function masked(text: string): string {
  let clean = text.replace(URL_PASSWORD, `$1${MASK}@`).replace(URL_KEY, `$1${MASK}@`).replace(PAIR, `$1${MASK}`);
  for (const secret of secrets) clean = clean.replaceAll(secret, MASK);
  return clean;
}
