/** The manifest and the lock file say the same, and say enough to install anywhere. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Locked {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const manifest = JSON.parse(read("package.json")) as Locked & { readonly files: readonly string[]; readonly man: unknown };
const lock = JSON.parse(read("package-lock.json")) as { packages: Readonly<Record<string, Locked>> };

it("the lock file knows every optional package of every platform: npm ci fails on one it does not know", () => {
  const known = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, "")));
  const wanted = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.filter((name) => !known.has(name))).toEqual([]);
  expect(wanted.length).toBeGreaterThan(10);
});

it("the lock file names no place to download from", () => {
  expect(read("package-lock.json")).not.toContain('"resolved"');
});

it("the manifest and the lock file agree, and every version is exact", () => {
  const root = lock.packages[""];
  for (const kind of ["dependencies", "devDependencies", "optionalDependencies"] as const) {
    expect({ [kind]: root?.[kind] }).toEqual({ [kind]: manifest[kind] });
    for (const version of Object.values(manifest[kind] ?? {})) expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  }
});

it("the types that job authors see come with the package", () => {
  const shipped = manifest.files
    .filter((name) => name.endsWith(".d.ts"))
    .map((name) => read(name))
    .join("\n");
  const imported = [...shipped.matchAll(/from "([^".][^"]*)"/g)].map(([, name = ""]) => name);
  const installed = Object.keys(manifest.dependencies ?? {});
  expect(imported.filter((name) => !installed.includes(name) || (name === "pg" && !installed.includes("@types/pg")))).toEqual([]);
  expect(imported).toContain("pg");
});

it("the manual is named in a list: npm links no other into a global install", () => {
  expect(manifest.man).toEqual(["dist/crontabber.1"]);
});
