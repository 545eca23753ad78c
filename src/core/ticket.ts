/** A ticket as JSON: over a pipe to the child that works, in a file of the spool. Pure. */
import type { Ticket } from "./state.ts";

/** A ticket without dates and big integers. */
export type TicketJson = Omit<Ticket, "fence" | Times> & { readonly fence: string } & { readonly [K in Times]: string | null };
type Times = "slot" | "missedFrom" | "nextSlot" | "claimedAt";

/** What `JSON.stringify` may have. */
export function freezeTicket(ticket: Ticket): TicketJson {
  const { fence, slot, missedFrom, nextSlot, claimedAt } = ticket;
  return {
    ...ticket,
    fence: String(fence),
    slot: slot.toISOString(),
    missedFrom: missedFrom?.toISOString() ?? null,
    nextSlot: nextSlot?.toISOString() ?? null,
    claimedAt: claimedAt.toISOString(),
  };
}

/** The ticket again. What an older program has frozen may lack the payload. */
export function thawTicket(json: TicketJson): Ticket {
  const date = (text: string | null) => (text === null ? null : new Date(text));
  return {
    ...json,
    payload: json.payload ?? null,
    fence: BigInt(json.fence),
    slot: new Date(json.slot as string),
    missedFrom: date(json.missedFrom),
    nextSlot: date(json.nextSlot),
    claimedAt: new Date(json.claimedAt as string),
  };
}
