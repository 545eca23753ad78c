/** The files that pages load: scripts, styles, icons. Owns their addresses; read once, when the server starts. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ...{ ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml" },
  ...{ ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".json": "application/json" },
};

export class Assets {
  readonly #files: ReadonlyMap<string, Asset>;
  /** Of all of them: files that load each other by a relative address find the same edition. */
  readonly #edition: string;

  constructor(files: ReadonlyMap<string, Asset>) {
    this.#files = files;
    const hash = createHash("sha256");
    for (const [name, { body }] of files) hash.update(`${name}\n${body.length}\n`).update(body);
    this.#edition = hash.digest("base64url").slice(0, 16);
  }

  /** With the content's hash in it: a browser may keep it for ever. */
  address(name: string): string {
    return `/assets/${this.#edition}/${encodeURIComponent(name)}`;
  }

  /** Only names that were there at the start: no path leads out. `current`: the address is of this edition. */
  find(edition: string, name: string): (Asset & { readonly current: boolean }) | null {
    const file = this.#files.get(name);
    return file ? { ...file, current: edition === this.#edition } : null;
  }
}

/** The folder beside this file. */
export async function loadAssets(): Promise<Assets> {
  const folder = fileURLToPath(new URL("./client/", import.meta.url));
  const names = (await namesIn(folder)).filter((name) => extname(name) in TYPES).sort();
  const files = names.map(async (name): Promise<[string, Asset]> => {
    return [name, { body: new Uint8Array(await readFile(folder + name)), type: TYPES[extname(name)] ?? "" }];
  });
  return new Assets(new Map(await Promise.all(files)));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // built without scripts: pages work without them
  }
}
