/** Which names the page answers to: a name of somebody else that was made to point here (DNS rebinding) gets nothing. */
import { isIP } from "node:net";
import type { SiteSettings } from "./site.ts";

/** As in the header `Host`. Addresses are nobody's name, and cannot be made to point elsewhere. */
export function isOurs(header: string | undefined, { address, hosts, label, hostname }: SiteSettings): boolean {
  const name = hostOf(header ?? "");
  if (name === null) return false;
  if (isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost")) return true;
  return [address.host, label, hostname, ...hosts].some((own) => own.toLowerCase() === name);
}

/** Lower case, without brackets, port and a final dot; null: that is no host. */
function hostOf(header: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(header) ?? [];
  const name = bracketed ?? plain;
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, "");
}
