/** How to reach the database: plain data that can travel to a child. Holds secrets; never log it, never put it into an environment. */

export interface ServerAddress {
  /** A host name, an address, or the folder of a unix socket (starts with `/`). */
  readonly host: string;
  readonly port: number;
}

export interface Connection {
  /** Tried in order; the first that takes writes is used. */
  readonly servers: readonly ServerAddress[];
  readonly user: string;
  readonly database: string;
  /** Null: none given; the server may not ask, or a pgpass file has it. */
  readonly password: string | null;
  /** As in libpq's sslmode; null: the driver's default (no TLS). */
  readonly sslmode: string | null;
}
