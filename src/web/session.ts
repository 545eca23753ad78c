/** Who reads the page, without memory: signed cookies, made with a key of the token. Owns what is signed; judges no password but the token. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { hostClock } from "../clock.ts";
import { printable } from "../core/text.ts";

export interface Session {
  /** Of this login alone. */
  readonly id: string;
  /** As given at the login; printable. */
  readonly name: string;
}

/** Seconds a login lasts. */
export const SESSION_SECONDS = 12 * 3600;
/** Seconds a page that asks once more may be left open. */
const CONFIRM_SECONDS = 600;
const LONGEST_NAME = 60;

export class Sessions {
  readonly #token: string;
  readonly #key: Buffer;
  /** Confirmations that were used, until they are too old to be used. */
  readonly #used = new Map<string, number>();
  /** Of this process: what was asked before a restart is asked again. */
  readonly #epoch = randomBytes(9).toString("base64url");

  constructor(token: string) {
    this.#token = token;
    this.#key = createHmac("sha256", token).update("crontabber page").digest();
  }

  /** In constant time. */
  isToken(given: string): boolean {
    const digest = (text: string) => createHash("sha256").update(text).digest();
    return timingSafeEqual(digest(given), digest(this.#token));
  }

  /** A cookie's value for whoever has shown the token. */
  open(name: string): string {
    const session = { id: randomBytes(12).toString("base64url"), name: printable(name.trim()).slice(0, LONGEST_NAME) };
    return this.sign("session", { ...session, at: seconds() });
  }

  /** Null: not ours, or too old. */
  read(cookie: string | undefined): Session | null {
    const found = this.verify("session", cookie) as { id?: unknown; name?: unknown; at?: unknown } | null;
    if (typeof found?.at !== "number" || typeof found.id !== "string" || typeof found.name !== "string") return null;
    const age = seconds() - found.at;
    return age > SESSION_SECONDS || age < -SESSION_SECONDS ? null : { id: found.id, name: found.name };
  }

  /** What every form of a session carries. */
  csrf({ id }: Session): string {
    return this.#mac("csrf", id);
  }

  isCsrf(session: Session, given: string): boolean {
    return same(this.csrf(session), given);
  }

  /** For one deed, of one session, once. */
  confirmation(deed: string): string {
    return this.sign("confirm", {
      deed: this.#mac("deed", deed),
      at: seconds(),
      nonce: randomBytes(9).toString("base64url"),
      by: this.#epoch,
    });
  }

  /** Whether this deed, and no other, was confirmed, for the first time. */
  confirmed(deed: string, given: string): boolean {
    const now = seconds();
    for (const [nonce, until] of this.#used) if (until < now) this.#used.delete(nonce);
    const found = this.verify("confirm", given) as { deed: string; at: number; nonce: string; by: string } | null;
    if (found === null || found.by !== this.#epoch || now - found.at > CONFIRM_SECONDS || this.#used.has(found.nonce)) return false;
    if (!same(found.deed, this.#mac("deed", deed))) return false;
    this.#used.set(found.nonce, found.at + CONFIRM_SECONDS);
    return true;
  }

  /** `purpose`: what was signed for one is nothing for another. */
  sign(purpose: string, value: unknown): string {
    const text = Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${text}.${this.#mac(purpose, text)}`;
  }

  verify(purpose: string, signed: string | undefined): unknown {
    const [text = "", mac = ""] = (signed ?? "").split(".");
    if (!same(mac, this.#mac(purpose, text))) return null;
    return JSON.parse(Buffer.from(text, "base64url").toString()) as unknown;
  }

  #mac(purpose: string, text: string): string {
    return createHmac("sha256", this.#key).update(`${purpose}\n${text}`).digest("base64url");
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const seconds = (): number => Math.floor(hostClock().getTime() / 1000);
