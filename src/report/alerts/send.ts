/** Sends one alert to all channels that have not got it. Owns what counts as delivered; every failure is a value. */
import type { AlertDocument, Channel } from "../../core/alert.ts";
import { masked } from "../mask.ts";
import { inline } from "../safe.ts";

export interface Sending {
  /** Channels that have taken it now. */
  readonly sent: readonly string[];
  /** In words, masked; null: all have it. */
  readonly trouble: string | null;
}

/** `took` is called for each as it happens: whoever dies after that sends it to the others only. */
export async function send(
  alert: AlertDocument,
  channels: readonly Channel[],
  { signal, took }: { signal: AbortSignal; took(channel: string): Promise<void> },
): Promise<Sending> {
  const sent: string[] = [];
  const failed: string[] = [];
  await Promise.all(
    channels.map(async (channel) => {
      try {
        await channel.send(alert, signal);
        sent.push(channel.name);
        await took(channel.name);
      } catch (error) {
        failed.push(`${channel.name}: ${masked(inline((error as Error)?.message ?? String(error)))}`);
      }
    }),
  );
  return { sent, trouble: failed.length > 0 ? failed.sort().join("; ") : null };
}
