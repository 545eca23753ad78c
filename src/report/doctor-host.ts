/** What is wrong with a host: its program, its files, its configuration. Owns what counts as wrong; looks at nothing itself. */
import { spanAt } from "../core/zone.ts";
import { counted } from "./ages.ts";
import { bad, either, type Finding, ok, warning } from "./doctor-findings.ts";

/** A file or folder that is not as safe as it has to be. */
export interface Exposed {
  readonly path: string;
  /** `secret`: others can read a secret in it. `writable`: others can change it. `foreign`: it belongs to somebody else. `readable`: others can look into it. */
  readonly how: "secret" | "writable" | "foreign" | "readable";
  /** `mode 640`, or whose it is. */
  readonly detail: string;
}

export interface ExaminedHost {
  /** The configuration file, and what is odd about it: modules that cannot be imported, warnings. */
  readonly file: string;
  readonly jobs: number;
  readonly broken: readonly string[];
  readonly warnings: readonly string[];
  /** Of configuration files. */
  readonly open: readonly Exposed[];
  /** Of the folders in which outcomes, compiled modules and an embedded database lie. */
  readonly folders: readonly Exposed[];
  /** Outcomes that wait for this host's next pass, and those nobody could read. */
  readonly spool: { readonly folder: string; readonly writable: boolean; readonly waiting: number; readonly unreadable: readonly string[] };
  /** Of Node, and its time zone data; null: it does not say. */
  readonly runtime: { readonly node: string; readonly zones: string | null };
  /** Where the page listens, if anywhere. */
  readonly page: { readonly host: string; readonly token: boolean } | null;
}

export function examineHost(found: ExaminedHost): Finding[] {
  return [
    ...runtime(found),
    ...zones(found),
    ...configuration(found),
    ...secrets(found),
    ...folders(found),
    ...spool(found),
    ...page(found),
  ];
}

/** The oldest one that works, as the package says. */
const OLDEST_NODE = [20, 19] as const;

function runtime({ runtime: { node } }: ExaminedHost): Finding[] {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (!old) return [ok("runtime", `Node ${node}`)];
  return [
    bad("runtime", `Node ${node} is too old`, { why: "nobody tests with it", fix: `install Node ${OLDEST_NODE.join(".")} or newer` }),
  ];
}

/** Changes of zones, by the release of the data that had them first: a zone, an instant, its offset since. The newest last. */
const RULES: readonly (readonly [release: string, zone: string, at: string, offset: number])[] = [
  ["2022f", "America/Mexico_City", "2023-07-01T00:00:00Z", -6 * 3600],
  ["2024a", "Asia/Almaty", "2024-07-01T00:00:00Z", 5 * 3600],
  ["2025a", "America/Asuncion", "2025-07-01T00:00:00Z", -3 * 3600],
];

function zones({ runtime: { zones: release } }: ExaminedHost): Finding[] {
  const lacking = RULES.find(([, zone, at, offset]) => offsetOf(zone, Date.parse(at) / 1000) !== offset);
  const has = release === null ? "time zone data" : `time zone data ${release}`;
  if (!lacking) return [ok("zones", `${has}: knows the changes that were looked for`)];
  const [wanted, zone] = lacking;
  return [
    warning("zones", `${has} is older than ${wanted}: ${zone} is wrong in it`, {
      why: "slots in zones whose rules have changed since are off by an hour, and hosts with newer data plan others",
      fix: "update Node, or the ICU data it uses (NODE_ICU_DATA)",
    }),
  ];
}

/** Null: the zone is not known. */
function offsetOf(zone: string, seconds: number): number | null {
  try {
    return spanAt(zone, seconds).offset;
  } catch {
    // RangeError: data without this zone, as in a Node with few locales.
    return null;
  }
}

function configuration({ file, jobs, broken, warnings }: ExaminedHost): readonly Finding[] {
  const advice = { why: "its last remembered definition holds, and passes end with 78", fix: "crontabber configtest says more" };
  return either(
    [
      ...broken.map((text) => bad("configuration", text, advice)),
      ...warnings.map((text) => warning("configuration", text, { why: null, fix: null })),
    ],
    "configuration",
    `${counted(jobs, "job")} in ${file}`,
  );
}

function secrets({ open }: ExaminedHost): readonly Finding[] {
  const found = open.map(({ path, how, detail }) => {
    if (how === "secret") {
      const text = `${path} holds a secret, and others than its owner can read it (${detail})`;
      return warning("secrets", text, { why: "with it they can do what this program can", fix: `chmod 600 ${path}` });
    }
    const why = "what stands in it is run as this user";
    if (how === "writable") return bad("secrets", `others can change ${path} (${detail})`, { why, fix: `chmod go-w ${path}` });
    return warning("secrets", `${path} belongs to ${detail}`, { why, fix: `chown it to whoever runs crontabber, or to root` });
  });
  return either(found, "secrets", "no file with a secret is readable by others, none can be changed by them");
}

function folders({ folders: found }: ExaminedHost): readonly Finding[] {
  const told = found.map(({ path, how, detail }) => {
    if (how === "readable") {
      return warning("folders", `others can look into ${path} (${detail})`, {
        why: "the database's files are in it",
        fix: `chmod 700 ${path}`,
      });
    }
    const why = "compiled jobs and outcomes in it are trusted: whoever writes there runs code as this user";
    if (how === "writable") return bad("folders", `others can write into ${path} (${detail})`, { why, fix: `chmod 700 ${path}` });
    return bad("folders", `${path} belongs to ${detail}`, { why, fix: "remove it, or name another one: spool = … in [crontabber]" });
  });
  return either(told, "folders", "what this program keeps on this host is its own");
}

function spool({ spool: { folder, writable, waiting, unreadable } }: ExaminedHost): readonly Finding[] {
  const why = "a run whose record waits counts as lost once its lease is over";
  const found = [
    ...(writable
      ? []
      : [
          bad("spool", `${folder} cannot be written`, {
            why: "an outcome is lost if the database is away when a run ends",
            fix: `make ${folder} this user's own`,
          }),
        ]),
    ...(waiting > 0
      ? [
          warning("spool", `${counted(waiting, "outcome")} in ${folder} not delivered yet`, {
            why,
            fix: "the next pass of this host delivers",
          }),
        ]
      : []),
    ...unreadable.map((file) =>
      warning("spool", `${file} could not be read and was set aside`, { why, fix: "look into it, then remove it" }),
    ),
  ];
  return either(found, "spool", "nothing waits for delivery");
}

function page({ page: at }: ExaminedHost): Finding[] {
  if (at === null) return [];
  const near = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/i.test(at.host);
  if (!near) {
    const advice = {
      why: "the token and what jobs print can be read on the way",
      fix: "bind 127.0.0.1, and put a proxy with TLS in front of it",
    };
    return [warning("page", `the page is served on ${at.host}, and it speaks no TLS`, advice)];
  }
  return [
    ok(
      "page",
      at.token
        ? "the page is on this host only, and asks for its token"
        : "the page is on this host only; whoever is on it can read, nobody can act",
    ),
  ];
}
