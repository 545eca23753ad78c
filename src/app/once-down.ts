/** The database's trouble is told when it begins and when it ends, not at every try. */
import type { Emit } from "../core/events.ts";

export function onceDown(emit: Emit): Emit {
  let down = false;
  return (name, payload) => {
    if (name === "database:down" || name === "database:up") {
      if (down === (name === "database:down")) return;
      down = !down;
    }
    emit(name, payload);
  };
}
