/** What the doctor makes of things that a test machine does not have: old programs, old servers, strangers' files. */
import { expect, it } from "vitest";
import type { Finding } from "#lib/report/doctor.js";
import { type ExaminedHost, examineHost } from "#lib/report/doctor-host.js";
import { type ExaminedServer, examineServer } from "#lib/report/doctor-server.js";
import type { Inspection } from "#lib/store/inspect.js";

const host: ExaminedHost = {
  ...{ file: "crontabber.ini", jobs: 1, broken: [], warnings: [], open: [], folders: [], page: null },
  spool: { folder: "/s", writable: true, waiting: 0, unreadable: [] },
  runtime: { node: "20.19.0", zones: "2025c" },
};
const inspection: Inspection = {
  ...{ server: "16.4", number: 160_004, role: "ops", superuser: false, readOnly: false, unsafe: [], autovacuum: true, free: 90 },
  ...{
    idleSeconds: 0,
    transactionSeconds: 0,
    encrypted: true,
    remote: true,
    ahead: 0,
    version: 6,
    pending: [],
    needs: null,
    lacking: [],
    roles: [],
  },
};
const server: ExaminedServer = { database: inspection, autoMigrate: true, listens: true, connections: 12, embedded: false };
const odd = (found: readonly Finding[]) => found.filter(({ level }) => level !== "ok");
const ofHost = (over: Partial<ExaminedHost>) => odd(examineHost({ ...host, ...over }));
const ofServer = (over: Partial<Inspection>, about: Partial<ExaminedServer> = {}) =>
  odd(examineServer({ ...server, ...about, database: { ...inspection, ...over } }));

it("all is well where all is well, also for a host elsewhere", () => {
  expect([ofHost({}), ofServer({})]).toEqual([[], []]);
});

it.each<[string, object[], object]>([
  ["an old Node", ofHost({ runtime: { node: "20.18.3", zones: "2025c" } }), { check: "runtime", level: "bad" }],
  [
    "a folder of somebody else",
    ofHost({ folders: [{ path: "/s", how: "foreign", detail: "user 1001" }] }),
    { check: "folders", level: "bad", text: "/s belongs to user 1001" },
  ],
  [
    "a data folder that others can look into",
    ofHost({ folders: [{ path: "/d", how: "readable", detail: "mode 755" }] }),
    { check: "folders", level: "warning", fix: "chmod 700 /d" },
  ],
  [
    "a file of somebody else",
    ofHost({ open: [{ path: "c.ini", how: "foreign", detail: "user 7" }] }),
    { check: "secrets", level: "warning" },
  ],
  [
    "a spool that cannot be written",
    ofHost({ spool: { folder: "/s", writable: false, waiting: 0, unreadable: [] } }),
    { check: "spool", level: "bad" },
  ],
  ["an old server", ofServer({ server: "13.9", number: 130_009 }), { check: "database", level: "bad", text: "PostgreSQL 13.9 is too old" }],
  ["no autovacuum", ofServer({ autovacuum: false }), { check: "upkeep", level: "warning" }],
  ["a time-out for whole transactions", ofServer({ transactionSeconds: 30 }), { check: "limits", text: "transaction_timeout is 30 s" }],
  [
    "a connection in the clear",
    ofServer({ encrypted: false }),
    { check: "encryption", level: "warning", fix: expect.stringContaining("sslmode") },
  ],
  ["tables of a newer program", ofServer({ needs: 9 }), { check: "schema", level: "bad" }],
])("%s", (_, found, finding) => expect(found).toEqual([expect.objectContaining(finding)]));

it("every finding says what to do or why it matters", () => {
  const all = [
    ...ofHost({ runtime: { node: "18.0.0", zones: null }, broken: ["b"], folders: [{ path: "/s", how: "writable", detail: "mode 777" }] }),
    ...ofServer(
      { readOnly: true, unsafe: ["fsync"], ahead: -60, lacking: ["SELECT on crontabber"], superuser: true, free: 1, pending: ["0001_x"] },
      { listens: false },
    ),
    ...odd(examineServer({ ...server, database: "cannot use the database", listens: null })),
  ];
  expect(all.length).toBeGreaterThan(9);
  for (const finding of all) expect(finding.why ?? finding.fix).not.toBeNull();
});

it("a server of our own is not asked for encryption nor for a role", () => {
  expect(ofServer({ superuser: true, encrypted: false }, { embedded: true })).toEqual([]);
});
