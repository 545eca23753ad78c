/** What the server of the page is given. Owns the shape only: the composition root fills it. */
import type { Emit } from "../core/events.ts";
import type { View } from "../report/view.ts";
import type { Store } from "../store/store.ts";

/** As configured when it was started: a reload of the configuration changes none of it. */
export interface SiteSettings {
  readonly address: { readonly host: string; readonly port: number };
  /** Null: whoever reaches the page may read it. */
  readonly token: string | null;
  /** Whether jobs may be steered from it; only with a token. */
  readonly actions: boolean;
  /** Names it also answers to, lower case: a proxy's. */
  readonly hosts: readonly string[];
  /** This host's label and its own name. */
  readonly label: string;
  readonly hostname: string;
  readonly version: string;
  /** Which installation this is. */
  readonly title: string;
}

/** What may change while it serves. */
export interface Frame extends Omit<View, "snapshot" | "hosts"> {
  /** IANA zone of the times people read. */
  readonly zone: string;
}

export interface Site {
  readonly settings: SiteSettings;
  readonly store: Store;
  frame(): Frame;
  /** Why this process is not alive as it should be; null: it is. */
  ill(): string | null;
  /** Why nobody should send work here, apart from the database; none: all is well. */
  unready(): readonly string[];
  /** What is wrong all the same. */
  notes(): readonly string[];
  /** Whether `store` must be able to write: a host that schedules. */
  readonly schedules: boolean;
  /** For Prometheus. Null: there is no database to be read. */
  metrics(view: View | null): Promise<{ readonly type: string; readonly body: string }>;
  /** An instant as people write it; the zone (IANA) counts where none is named. Null: it is none. */
  instant(text: string, zone: string): Date | null;
  readonly emit: Emit;
}
