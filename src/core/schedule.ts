/** Schedules: what they say and which instants they ask for. Pure: the moment is always an argument. */

/** A parsed schedule. Made by `parseSchedule` only. */
export interface Schedule {
  readonly kind: "interval" | "daily" | "cron" | "manual";
  /** Canonical text, kept in the row it planned: equal texts plan equal slots. */
  readonly text: string;
  /** As the text listing shows it: `7d @ 03:00`, the zone behind it if it is not UTC. */
  readonly display: string;
  /** IANA name. */
  readonly zone: string;
}
