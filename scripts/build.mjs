// Compiles src/ to dist/, then removes what no longer has a source: a renamed module must not live on in the package.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const done = spawnSync(process.execPath, [tsc, "-p", "tsconfig.json"], { cwd: root, stdio: "inherit" });

for (const entry of readdirSync(`${root}/dist`, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const built = `${entry.parentPath}/${entry.name}`;
  const source = built
    .replace(`${root}/dist`, `${root}/src`)
    .replace("//", "/")
    .replace(/(\.d\.ts|\.js)$/, ".ts");
  if (!existsSync(source)) rmSync(built);
}
if (existsSync(`${root}/dist/cli.js`)) chmodSync(`${root}/dist/cli.js`, 0o755);
process.exit(done.status ?? 1);
