/** Where a change on the way to a file shows. */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identity, waysTo } from "#lib/config/ways.js";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "crontabber-ways-")));
  mkdirSync(join(root, "releases/1/jobs"), { recursive: true });
  writeFileSync(join(root, "releases/1/c.ini"), "");
});
afterEach(() => rmSync(root, { recursive: true }));

/** Relative to the root, without what lies above it. */
const ways = (...files: string[]) =>
  Object.fromEntries(
    [...waysTo(files.map((file) => join(root, file)))]
      .filter(([folder]) => folder.startsWith(root))
      .map(([folder, names]) => [folder.slice(root.length + 1), [...names].sort()]),
  );

describe("the ways to a file", () => {
  it("without a link are its folder", () => {
    expect(ways("releases/1/c.ini", "releases/1/jobs/a.ts")).toEqual({ "releases/1": ["c.ini"], "releases/1/jobs": ["a.ts"] });
  });

  it("lead through every link, those of links included, and of the file itself", () => {
    symlinkSync("releases/1", join(root, "stable"));
    symlinkSync(join(root, "stable"), join(root, "current"));
    symlinkSync("../c.ini", join(root, "releases/1/jobs/other.ini"));
    expect(ways("current/c.ini", "current/jobs/other.ini")).toEqual({
      "": ["current", "stable"],
      "releases/1": ["c.ini"],
      "releases/1/jobs": ["other.ini"],
    });
    symlinkSync("elsewhere.ini", join(root, "link.ini"));
    mkdirSync(join(root, "x"));
    symlinkSync("../x/real.ini", join(root, "releases/far.ini"));
    expect(ways("link.ini", "releases/far.ini")).toEqual({ "": ["elsewhere.ini", "link.ini"], releases: ["far.ini"], x: ["real.ini"] });
  });

  it("end where something is missing, for there it would appear", () => {
    expect(ways("releases/2/jobs/a.ts", "releases/1/gone.ini")).toEqual({ releases: ["2"], "releases/1": ["gone.ini"] });
    symlinkSync("nowhere/at/all", join(root, "current"));
    expect(ways("current/c.ini")).toEqual({ "": ["current", "nowhere"] });
  });

  it("end in a circle, too", () => {
    symlinkSync("b", join(root, "a"));
    symlinkSync("a", join(root, "b"));
    expect(ways("a/c.ini")).toEqual({ "": ["a", "b"] });
  });

  it("are others when a folder was replaced by one of its name", () => {
    const now = () => identity(waysTo([join(root, "releases/1/c.ini")]));
    const before = now();
    expect(now()).toBe(before);
    mkdirSync(join(root, "new"));
    renameSync(join(root, "releases/1"), join(root, "old"));
    renameSync(join(root, "new"), join(root, "releases/1"));
    expect(now()).not.toBe(before);
  });
});
