// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is what is tested
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfigObj } from "#lib/config/configobj.js";
import { Interpolator } from "#lib/config/interpolate.js";
import type { Document, Section } from "#lib/config/tree.js";
import { splitList } from "#lib/config/values.js";
import { folder, lines, write } from "./support.ts";

type Tree = { [key: string]: string | Tree };

function parse(
  text: string | Buffer,
  more: Record<string, string | Buffer> = {},
  env: NodeJS.ProcessEnv = {},
): Document & { tree: Tree; said: string[] } {
  const cwd = folder({ "x.ini": text, ...more });
  const document = readConfigObj(join(cwd, "x.ini"), { cwd, env });
  return { ...document, tree: treeOf(document.root), said: lines(document.problems) };
}

function treeOf(section: Section, interpolator?: Interpolator): Tree {
  const values = [...section.values].map(([key, value]) => [key, interpolator ? interpolator.text(section, value) : value.text]);
  return Object.fromEntries([...values, ...[...section.sections].map(([name, inner]) => [name, treeOf(inner, interpolator)])]) as Tree;
}

const one = (text: string): unknown => parse(`[s]\n${text}`).tree.s;

describe("values", () => {
  it.each<[string, Tree]>([
    ["a=1", { a: "1" }],
    ["   a   =   1  2   ", { a: "1  2" }],
    ["\ta\t=\t1\t", { a: "1" }],
    ["a =", { a: "" }],
    ["a = # nothing", { a: "" }],
    ["a = 1 # note", { a: "1" }],
    ["a = 1\t# note", { a: "1" }],
    ["a = path/file.ts#Export", { a: "path/file.ts#Export" }],
    ["a = 0 0 * * 5#2", { a: "0 0 * * 5#2" }],
    ["a = x = y", { a: "x = y" }],
    ['a = "quoted"', { a: "quoted" }],
    ["a = 'quoted' # note", { a: "quoted" }],
    ['a = "  kept  "', { a: "  kept  " }],
    ['a = "one # two"', { a: "one # two" }],
    ['a = "it\'s"', { a: "it's" }],
    ["a = 'say \"hi\"'", { a: 'say "hi"' }],
    ["a = it's # a note, isn't it", { a: "it's" }],
    ['a = x "y # z" # note', { a: 'x "y # z"' }],
    ["a = ''", { a: "" }],
    ['a = """"""', { a: "" }],
    ["a = '''one line''' # note", { a: "one line" }],
    ["a = '''\n  one # kept\n\n  two\n'''", { a: "\n  one # kept\n\n  two\n" }],
    ['a = """it\'s\n\'\'\'fine"""', { a: "it's\n'''fine" }],
    ["'a b' = 1", { "a b": "1" }],
    ['"a=b" = 1', { "a=b": "1" }],
    ["a b = 1", { "a b": "1" }],
    ["class-X.y = 1", { "class-X.y": "1" }],
    ["a = 1, 2, 3", { a: "1, 2, 3" }],
    ["a = ünïcode ☃ 日本", { a: "ünïcode ☃ 日本" }],
    ["a = <b>&amp;</b>", { a: "<b>&amp;</b>" }],
    ["# comment\n  # another\n\na = 1", { a: "1" }],
    ["a = C:\\temp\\n", { a: "C:\\temp\\n" }],
  ])("%j", (text, expected) => expect(one(text)).toEqual(expected));

  it.each<[string, string[]]>([
    ["a, b,c", ["a", "b", "c"]],
    ["a,", ["a"]],
    [",", []],
    ["", []],
    ['"a, b", c', ["a, b", "c"]],
    ["'x', \"y\"", ["x", "y"]],
    ['"", a', ["", "a"]],
    ["a\n  b,\n\nc", ["a", "b", "c"]],
    ["it's, fine", ["it's", "fine"]],
    ['"half, quoted', ['"half', "quoted"]],
  ])("the list %j", (text, expected) => expect(splitList(text).map((item) => item.text)).toEqual(expected));

  it("of sql and command keep quotes that do not hold the whole value", () => {
    const text = `[job:x]\ncommand = "/opt/my app/run" --now # note\nsql = 'a' || 'b # c'\n[job:y]\ncommand = "all of it"\n`;
    expect(parse(text).tree).toEqual({
      "job:x": { command: '"/opt/my app/run" --now', sql: "'a' || 'b # c'" },
      "job:y": { command: "all of it" },
    });
  });
});

describe("sections", () => {
  it("nest by their brackets, however they are indented", () => {
    const text = "top = 0\n[a]\nk = 1\n      [[b]]\n  k = 2\n[[[c]]]\n k = 3\n[[d]] # note\nk = 4\n[e]\n";
    expect(parse(text).tree).toEqual({ top: "0", a: { k: "1", b: { k: "2", c: { k: "3" } }, d: { k: "4" } }, e: {} });
  });

  it.each([
    ["[ a ]", "a"],
    ["[job:it's]", "job:it's"],
    ["['job:a # b']", "job:a # b"],
    ['["job:]["]', "job:]["],
    ["[job:a]b]", "job:a]b"],
    ["[job:<b>x</b>]", "job:<b>x</b>"],
    ["[job:日本]# note", "job:日本"],
  ])("%s", (header, name) => expect(Object.keys(parse(`${header}\nk = 1`).tree)).toEqual([name]));

  it("say where they and their values stand", () => {
    const { root } = parse("\n[a]\n  k = '''x\n  y\n'''\n   z = 1\n");
    const a = root.sections.get("a");
    expect(a?.at).toEqual({ file: "x.ini", line: 2, column: 1 });
    expect(a?.values.get("z")?.at).toEqual({ file: "x.ini", line: 6, column: 4 });
    expect(a?.values.get("k")?.lines?.map(({ text, line }) => [text, line])).toEqual([
      ["x", 3],
      ["  y", 4],
      ["", 5],
    ]);
  });
});

describe("bytes", () => {
  it("a byte order mark, CRLF and CR are no part of the text", () => {
    expect(parse("\ufeff[a]\r\nk = 1 \r\nm = '''x\r\ny'''\rn = 2").tree).toEqual({ a: { k: "1", m: "x\ny", n: "2" } });
  });

  it.each<[string, string | Buffer, string]>([
    ["latin-1", Buffer.from("[a]\nk = caf\xe9\n", "latin1"), "x.ini:2: has bytes that are not UTF-8 (save it as UTF-8)"],
    ["UTF-16", Buffer.from("\ufeff[a]", "utf16le"), "x.ini:1: is UTF-16 (save it as UTF-8)"],
    ["NUL", "[a]\nk = 1\nab\0c = 2", "x.ini:3:3: has a NUL byte (remove it)"],
  ])("%s is refused with its line", (_, bytes, message) => expect(parse(bytes).said).toEqual([message]));
});

describe("+include", () => {
  const include = (more: Record<string, string>, text: string) => parse(text, more);

  it("reads another file as if it stood there, relative to the file that names it", () => {
    const { tree, said, files } = include(
      { "sub/db.ini": "host = h\n+include ./user.ini\n", "sub/user.ini": "user = u\n", "more.ini": "[[x]]\nk = 1\n[b]\n" },
      "[a]\n+include ./sub/db.ini\n  +include more.ini  # note\nlast = 1\n",
    );
    expect(said).toEqual([]);
    expect(tree).toEqual({ a: { host: "h", user: "u", x: { k: "1" } }, b: { last: "1" } });
    expect(files.map(({ path }) => path.split("/").at(-1))).toEqual(["x.ini", "db.ini", "user.ini", "more.ini"]);
  });

  it("works inside a value of several lines, whose lines know their file", () => {
    const { root } = include({ "jobs.txt": "b\nc" }, "[a]\nk = '''\na\n+include jobs.txt\nd\n'''\n");
    expect(
      root.sections
        .get("a")
        ?.values.get("k")
        ?.lines?.map(({ file, line, text }) => `${file}:${line} ${text}`),
    ).toEqual(["x.ini:2 ", "x.ini:3 a", "jobs.txt:1 b", "jobs.txt:2 c", "x.ini:5 d", "x.ini:6 "]);
  });

  it("may have quotes, spaces and variables in its name", () => {
    expect(parse('[a]\n+include "./my ${WHO}.ini"', { "my own.ini": "k = 1" }, { WHO: "own" }).tree).toEqual({ a: { k: "1" } });
  });

  it("the same file may be read twice, but not inside itself", () => {
    expect(include({ "y.ini": "k = 1" }, "[a]\n+include y.ini\n[b]\n+include y.ini").tree).toEqual({ a: { k: "1" }, b: { k: "1" } });
    expect(include({ "y.ini": "+include ./z.ini", "z.ini": "\n+include ./x.ini" }, "[a]\n+include y.ini").said).toEqual([
      "z.ini:2:1: files include each other: x.ini -> y.ini -> z.ini -> x.ini (remove one of the +include lines)",
    ]);
  });

  it.each<[string, string[]]>([
    ["[a]\n+include ./no.ini", ["x.ini:2:1: +include no.ini: cannot be read: there is no such file"]],
    ["[a]\n  +include", ["x.ini:2:3: +include names no file (write +include ./other.ini)"]],
    ["[a]\n+include ./${WHO}.ini", ["x.ini:2:1: the environment has no WHO (set WHO)"]],
    ["[a]\n+include ./bad.ini", ["x.ini:2:1: +include bad.ini: has bytes that are not UTF-8 (its line 1) (save it as UTF-8)"]],
    ["[a]\n+include ./open.ini\nk = '''x'''", ["open.ini:1:5: ''' is never closed (end the value with ''')"]],
  ])("%j", (text, said) => expect(parse(text, { "bad.ini": Buffer.from([0xff]), "open.ini": "z = '''\n" }).said).toEqual(said));
});

describe("what is wrong is told with its place, and the rest is still read", () => {
  it.each<[string, string[]]>([
    ["[a\nk = 1", ['x.ini:1:1: "[a" is not a section header (write [name], [[name]] for a section inside it)']],
    ["[]", ['x.ini:1:1: "[]" is not a section header (write [name], [[name]] for a section inside it)']],
    ["[a]\n  [[b]", ['x.ini:2:3: "[[b]" does not close as many brackets as it opens']],
    ["[a]\n[[[b]]]", ['x.ini:2:1: "[[[b]]]" is nested too deep (at most [[ can follow [a])']],
    ["[[b]]", ['x.ini:1:1: "[[b]]" is nested too deep (at most [ can follow here)']],
    ["[a]\n[b]\n[a]\nk = 1", ["x.ini:3:1: [a] stands here a second time (first at x.ini:1)"]],
    ["[a]\n[[b]]\n[[b]]", ["x.ini:3:1: [a] [[b]] stands here a second time (first at x.ini:2)"]],
    ["[a]\nk = 1\n k = 2", ['x.ini:3:2: "k" stands here a second time (first at x.ini:2)']],
    ["[a]\nb = 1\n[[b]]", ["x.ini:3:1: [a] [[b]] stands here a second time (first at x.ini:2)"]],
    [
      "[a]\nnonsense",
      ["x.ini:2:1: \"nonsense\" is neither a section nor key = value (a value of several lines stands between ''' and ''')"],
    ],
    ["[a]\n; note", ['x.ini:2:1: "; note" is neither a section nor key = value (a comment begins with #)']],
    ["[a]\nk: 1", ['x.ini:2:1: "k: 1" is neither a section nor key = value (write key = value)']],
    ["[a]\n= 1", ["x.ini:2:1: \"= 1\" is neither a section nor key = value (a value of several lines stands between ''' and ''')"]],
    ['[a]\nk = "open', ["x.ini:2:5: the quote \" is not closed (close the quote on the same line, or use ''' ... ''')"]],
    ["[a]\nk = 'x' y", ["x.ini:2:9: text after the closing quote ' (close the quote on the same line, or use ''' ... ''')"]],
    ["[a]\nk = '''x\ny''' z\nl = 1", ["x.ini:3:5: text after the closing ''' (the value began at line 2)"]],
    ["[a]\nk = '''x\ny", ["x.ini:2:5: ''' is never closed (end the value with ''')"]],
    [
      "[a]\nevil \u001b[31m",
      ["x.ini:2:1: \"evil \\u001b[31m\" is neither a section nor key = value (a value of several lines stands between ''' and ''')"],
    ],
  ])("%j", (text, said) => {
    const document = parse(`${text}`);
    expect(document.said).toEqual(said);
    expect(document.truncated).toBe(said.some((line) => line.includes("never closed")));
  });

  it("all at once", () => {
    const { said, tree } = parse("[a]\nx\nk = 1\n[[[deep]]]\nlost = 1\n[[b]]\nk = 2\n[b\n");
    expect(said.map((line) => line.split(":")[1])).toEqual(["2", "4", "8"]);
    expect(tree).toEqual({ a: { k: "1", b: { k: "2" } } });
  });
});

describe("interpolation", () => {
  function fill(text: string, env: NodeJS.ProcessEnv = {}): { tree: Tree; said: string[] } {
    const { root } = parse(text);
    const interpolator = new Interpolator(env);
    return { tree: treeOf(root, interpolator), said: lines(interpolator.problems) };
  }

  it.each<[string, string, Tree]>([
    ["the same section", "[a]\nx = 1\ny = %(x)s-%(x)s", { a: { x: "1", y: "1-1" } }],
    ["then its [[DEFAULT]]", "[a]\ny = %(x)s\n[[DEFAULT]]\nx = 2", { a: { y: "2", DEFAULT: { x: "2" } } }],
    [
      "then the sections around it",
      "x = 0\n[a]\nx = 1\n[[b]]\ny = %(x)s\n[c]\ny = %(x)s",
      { x: "0", a: { x: "1", b: { y: "1" } }, c: { y: "0" } },
    ],
    ["then the [DEFAULT] at the top", "[DEFAULT]\nx = 3\n[a]\ny = %(x)s", { DEFAULT: { x: "3" }, a: { y: "3" } }],
    [
      "a value is filled where it stands",
      "x = top\n[a]\nx = in a\ny = %(z)s\n[DEFAULT]\nz = %(x)s",
      { x: "top", a: { x: "in a", y: "top" }, DEFAULT: { z: "top" } },
    ],
    ["other % signs are themselves", "[a]\nx = %W %y %h:%M 100%% %(y)d", { a: { x: "%W %y %h:%M 100%% %(y)d" } }],
    ["%%( is a literal", "[a]\nx = %%(y)s", { a: { x: "%(y)s" } }],
    ["the environment", "[a]\nx = ${HOME}/y/${N}", { a: { x: "/root/y/" } }],
    ["$${ is a literal", "[a]\nx = $${HOME} $HOME $$ ${HOME}", { a: { x: "${HOME} $HOME $$ /root" } }],
    ["what the environment says is not filled again", "[a]\nx = ${ODD}\ny = %(x)s", { a: { x: "%(x)s ${HOME}", y: "%(x)s ${HOME}" } }],
    ["quotes make no difference", "[a]\nx = '${HOME}'\ny = '''%(x)s\n'''", { a: { x: "/root", y: "/root\n" } }],
    [
      "nothing in sql and command",
      "[job:a]\nsql = %(x)s ${Z}\ncommand = '''%(x)s ${Z}'''\nenv = ${HOME}",
      { "job:a": { sql: "%(x)s ${Z}", command: "%(x)s ${Z}", env: "/root" } },
    ],
    ["sql and command are plain options elsewhere", "[a]\nsql = ${HOME}", { a: { sql: "/root" } }],
  ])("%s", (_, text, tree) => expect(fill(text, { HOME: "/root", N: "", ODD: "%(x)s ${HOME}" })).toEqual({ tree, said: [] }));

  it.each<[string, string]>([
    ["[a]\n\nx = %(y)s", "x.ini:3:1: %(y)s names nothing here (write %%(y)s for a literal %(y)s)"],
    ["[a]\nx = %(x)s", "x.ini:2:1: %(x)s leads back to itself (write the value out once)"],
    ["[a]\nx = ${NO}", "x.ini:2:1: the environment has no NO (set it, or write $${NO} for a literal ${NO})"],
    ["[a]\nx = ${A-B}", 'x.ini:2:1: "${A-B}" is not the name of a variable (write ${NAME}, or $${ for a literal ${)'],
    ["[a]\nx = ${NO", 'x.ini:2:1: "${NO" is not the name of a variable (write ${NAME}, or $${ for a literal ${)'],
    ["[a]\nx = '''\n\n%(y)s\n'''", "x.ini:4: %(y)s names nothing here (write %%(y)s for a literal %(y)s)"],
  ])("%j", (text, message) => expect(fill(text).said).toEqual([message]));

  it("a loop of two ends, and what nobody reads is not looked at", () => {
    const { root } = parse("[a]\nx = %(y)s\ny = %(x)s\nz = ${NO}\nfine = 1");
    const interpolator = new Interpolator({});
    const a = root.sections.get("a");
    expect(["x", "fine"].map((key) => interpolator.text(a as Section, a?.values.get(key) as never))).toEqual([null, "1"]);
    expect(lines(interpolator.problems)).toEqual(["x.ini:2:1: %(x)s leads back to itself (write the value out once)"]);
  });
});

describe("what is written is read", () => {
  const word = fc.stringMatching(/^[a-zA-Z0-9 _.,;:|/#%'"$<>äß☃*-]{0,12}$/);
  const key = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}$/);
  const text = fc.oneof(
    { weight: 4, arbitrary: word },
    { weight: 1, arbitrary: fc.array(word, { minLength: 2, maxLength: 4 }).map((rows) => rows.join("\n")) },
  );
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.dictionary(key, fc.oneof({ maxDepth: 3 }, { weight: 3, arbitrary: text }, { weight: 1, arbitrary: tie("tree") }), {
      maxKeys: 5,
    }),
  }));

  it("for any tree, with any indentation, comments and quotes", () => {
    fc.assert(
      fc.property(tree, fc.infiniteStream(fc.nat(99)), (wanted, dice) => {
        const { tree: got, said } = parse(writeTree(wanted, () => dice.next().value as number));
        expect(said).toEqual([]);
        expect(got).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it("and no text at all makes the reader throw", () => {
    const piece = fc.constantFrom(
      "[",
      "]",
      "'",
      '"',
      "'''",
      '"""',
      "=",
      "#",
      " ",
      "\n",
      "\r",
      "+include ",
      "a",
      "%(a)s",
      "${a}",
      "é",
      "\0",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => void parse(pieces.join(""))),
      { numRuns: 500 },
    );
  });
});

/** Values first: after a section's header there is no way back to the one around it. */
function writeTree(tree: Tree, dice: () => number, depth = 0): string {
  const indent = (): string => " ".repeat(dice() % 5);
  const note = (): string => (dice() % 3 === 0 ? "   # a 'note' = \"x\" '''" : "");
  const rows = Object.entries(tree).sort(([, a], [, b]) => Number(typeof a === "object") - Number(typeof b === "object"));
  const out = rows.map(([key, value]) => {
    if (dice() % 4 === 0) return `${indent()}# comment [x] = '''\n${pair(key, value)}`;
    return pair(key, value);
    function pair(name: string, what: string | Tree): string {
      if (typeof what === "string") return `${indent()}${name}${indent()}=${indent()}${written(what, dice)}${note()}\n`;
      return `${indent()}${"[".repeat(depth + 1)}${name}${"]".repeat(depth + 1)}${note()}\n${writeTree(what, dice, depth + 1)}`;
    }
  });
  return out.join("");
}

function written(text: string, dice: () => number): string {
  const triples = ["'''", '"""'].filter((triple) => !text.includes(triple) && !text.endsWith(triple[0] as string));
  const singles = ["'", '"'].filter((q) => !text.includes(q) && !text.includes("\n"));
  const plain = /^[^\s'"#]([^\n]*[^\s])?$/.test(text) && !/\s#/.test(text) && !/['"]/.test(text);
  if (plain && dice() % 2 === 0) return text;
  const single = singles[dice() % Math.max(1, singles.length)];
  if (single !== undefined && dice() % 3 > 0) return `${single}${text}${single}`;
  const triple = triples[0];
  if (triple !== undefined) return `${triple}${text}${triple}`;
  return single === undefined ? `'''${text.replaceAll("'", "’")}'''` : `${single}${text}${single}`;
}

it("files are named as the reader would: near ones relative, far ones whole", () => {
  const cwd = folder({});
  write(cwd, "sub/x.ini", "nonsense");
  expect(lines(readConfigObj(join(cwd, "sub/x.ini"), { cwd, env: {} }).problems)[0]).toMatch(/^sub\/x\.ini:1:1: /);
  expect(lines(readConfigObj(join(cwd, "sub/x.ini"), { cwd: join(cwd, "other"), env: {} }).problems)[0]).toMatch(
    /^\/.*\/sub\/x\.ini:1:1: /,
  );
});
