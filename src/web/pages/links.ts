/** Where things are. Owns the addresses the pages point to; the server answers at them. */
import type { ActionName } from "../seam.ts";

/** A name in an address; what no address can carry (half a character) is replaced. */
const segment = (name: string): string => encodeURIComponent(name.replace(/\p{Cs}/gu, "\ufffd"));

export const jobHref = (name: string): string => `/jobs/${segment(name)}`;
export const actionHref = (name: string, action: ActionName): string => `${jobHref(name)}/${action}`;
export const runsHref = (name: string): string => `/api/runs?job=${segment(name)}`;
