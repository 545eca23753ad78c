/** The database's trouble is told when the first deed fails, and when the last one works again; not at every try. */
import type { Deed, Emit, Events } from "../core/events.ts";

export function onceDown(emit: Emit): Emit {
  const failing = new Set<Deed>();
  return (name, payload) => {
    if (name === "database:down" || name === "database:up") {
      const { deed } = payload as Events["database:down" | "database:up"];
      const before = failing.size;
      if (name === "database:down") failing.add(deed);
      else failing.delete(deed);
      if (before > 0 === failing.size > 0) return;
    }
    emit(name, payload);
  };
}
