/** What an error says of the deed that met it: try again, or never; and whether its session is of any use. */
import { describe, expect, it } from "vitest";
import { StoreError } from "#lib/core/errors.js";
import { CommitUnknown, isPoison, isTransient, sqlState } from "#lib/store/driver.js";

const said = (code: string) => new StoreError("the database said", { code });
const system = (code: string) => Object.assign(new Error(`write ${code}`), { code });

describe("an error", () => {
  it.each<[string, unknown, { transient: boolean; poison: boolean }]>([
    ["no answer", new StoreError("Query read timeout"), { transient: true, poison: true }],
    ["a connection that broke", new Error("Connection terminated unexpectedly"), { transient: true, poison: true }],
    [
      "a pipe that broke is no SQLSTATE",
      new StoreError("write EPIPE", { code: sqlState(system("EPIPE")) }),
      { transient: true, poison: true },
    ],
    ["a COMMIT without an answer", new CommitUnknown("lost"), { transient: true, poison: true }],
    ["shut down", said("57P01"), { transient: true, poison: true }],
    ["starting up", said("57P03"), { transient: true, poison: true }],
    ["no free slot", said("53300"), { transient: true, poison: true }],
    ["disk full", said("53100"), { transient: true, poison: true }],
    ["a broken disk", said("58030"), { transient: true, poison: false }],
    ["read-only", said("25006"), { transient: true, poison: true }],
    ["locked", said("55P03"), { transient: true, poison: false }],
    ["a wrong password", said("28P01"), { transient: true, poison: false }],
    ["no such database", said("3D000"), { transient: true, poison: false }],
    ["a missing right", said("42501"), { transient: true, poison: false }],
    ["a value the server will never take", said("22021"), { transient: false, poison: false }],
    ["what the ledger refuses", said("23505"), { transient: false, poison: false }],
    ["a mistake of ours", new TypeError("x is not a function"), { transient: false, poison: true }],
  ])("%s", (_, error, wanted) => {
    expect({ transient: isTransient(error), poison: isPoison(error) }).toEqual(wanted);
  });
});
