/** Which of several servers is used: by what they say of themselves, in whatever order they answer. */
import { describe, expect, it } from "vitest";
import type { ServerAddress } from "#lib/core/database.js";
import { chooseServer, type History, NoServer, type Standing, standingBy } from "#lib/core/servers.js";

const [a, b, c] = ["a", "b", "c"].map((host) => ({ host, port: 5432 })) as [ServerAddress, ServerAddress, ServerAddress];
const history = (timeline: number, system = "one"): History => ({ system, timeline });
const primary = (timeline: number, system?: string): Standing => ({ readOnly: false, history: history(timeline, system) });
const SILENT: Standing = { readOnly: false, history: null };
const STANDBY: Standing = { readOnly: true, history: null };
const DEAD = new Error("connect ECONNREFUSED");

type Say = Standing | Error | "never";
function choose(said: readonly Say[], { newest = null, current = null }: { newest?: History | null; current?: ServerAddress | null } = {}) {
  const servers = [a, b, c].slice(0, said.length);
  const ask = async (server: ServerAddress): Promise<Standing> => {
    const say = said[servers.indexOf(server)] ?? DEAD;
    if (say === "never") return new Promise<Standing>(() => {});
    if (say instanceof Error) throw say;
    return say;
  };
  return chooseServer({ servers, ask, patience: async () => {}, newest, current });
}

describe("of several servers", () => {
  it.each<[string, readonly Say[], ServerAddress, Parameters<typeof choose>[1]?]>([
    ["the first that takes writes", [primary(1), STANDBY], a],
    ["not a standby, wherever it stands", [STANDBY, primary(1)], b],
    ["not one that is dead", [DEAD, STANDBY, primary(1)], c],
    ["none is waited for for ever", ["never", primary(1)], b],
    ["the promoted one beside the old primary", [primary(1), primary(2)], b],
    ["the newest of three", [primary(2), primary(3), primary(1)], b],
    ["timelines are numbers", [primary(9), primary(10)], b],
    ["of strangers the first", [primary(1, "one"), primary(7, "other")], a],
    ["of those without a history the first", [SILENT, SILENT], a],
    ["of equals the one in use", [primary(1), primary(1)], b, { current: b }],
    ["not the one in use, where another was promoted", [primary(1), primary(2)], b, { current: a }],
    ["one as new as was seen before", [primary(1), primary(2)], b, { newest: history(2) }],
    ["another cluster than was seen before", [primary(1, "rebuilt"), DEAD], a, { newest: history(5) }],
  ])("%s", async (_, said, wanted, given) => {
    expect((await choose(said, given)).server).toBe(wanted);
  });

  it.each<[string, readonly Say[], string, boolean, Parameters<typeof choose>[1]?]>([
    ["standbys", [STANDBY, STANDBY], "no server takes writes: a:5432 is read-only; b:5432 is read-only", true],
    ["a standby and a dead one", [DEAD, STANDBY], "no server takes writes: a:5432 connect ECONNREFUSED; b:5432 is read-only", false],
    [
      "one that was left behind",
      [primary(1), DEAD],
      "no server takes writes: a:5432 was left behind by a promotion (timeline 1); b:5432 connect ECONNREFUSED",
      false,
      { newest: history(2), current: a },
    ],
  ])("none of %s", async (_, said, message, readOnly, given) => {
    const error = await choose(said, given).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoServer);
    expect([(error as NoServer).message, (error as NoServer).readOnly]).toEqual([message, readOnly]);
  });
});

describe("what a server says of itself", () => {
  const answers = (...rows: (object | Error)[]) => {
    const left = [...rows];
    return async () => {
      const next = left.shift();
      if (next instanceof Error) throw next;
      return { rows: [next] };
    };
  };
  it.each<[string, (object | Error)[], Standing]>([
    ["a primary", [{ read_only: "off" }, { system: "7", timeline: 3 }], { readOnly: false, history: { system: "7", timeline: 3 } }],
    ["a standby is not asked for its history", [{ read_only: "on" }], { readOnly: true, history: null }],
    ["one that tells no history", [{ read_only: "off" }, new Error("no such function")], { readOnly: false, history: null }],
  ])("%s", async (_, rows, wanted) => {
    expect(await standingBy(answers(...rows))).toEqual(wanted);
  });
});
