/** What went wrong with a deed: the database's trouble, or a mistake of ours. Owns how, and how often, it is told; what to do is others'. */
import { ConfigError, StoreError } from "../core/errors.ts";
import type { Deed } from "../core/events.ts";
import type { World } from "./world.ts";

/** `silent`: nobody answered; `said`: the database did; `bug`: it is none of the database's. */
export function tellTrouble({ store, emit }: Pick<World, "store" | "emit">, deed: Deed, error: unknown): "silent" | "said" | "bug" {
  // A schema that is too old or too new is the operator's to mend, as is a right that is missing.
  if (error instanceof StoreError || error instanceof ConfigError || store.isTransient(error)) {
    emit("database:down", { deed, message: (error as Error).message });
    return error instanceof StoreError && error.code === undefined ? "silent" : "said";
  }
  emit("daemon:trouble", { message: String((error as Error)?.stack ?? error) });
  return "bug";
}
