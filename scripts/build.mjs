// Compiles src/ to dist/, removes what no longer has a source (a renamed module must not live on in the package), and has the program
// write its manual page.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const tsc = `${root}/node_modules/typescript/bin/tsc`;
const entry = `${root}/dist/cli.js`;
const manual = `${root}/dist/crontabber.1`;

if (!existsSync(tsc)) {
  // `npm ci --omit=dev` runs this too: what was built before is all there can be.
  if (existsSync(entry)) process.exit(0);
  console.error("crontabber: nothing is built, and the compiler is not installed: run `npm ci` without --omit=dev, then `npm run build`");
  process.exit(1);
}
const done = spawnSync(process.execPath, [tsc, "-p", "tsconfig.json"], { cwd: root, stdio: "inherit" });

for (const file of readdirSync(`${root}/dist`, { recursive: true, withFileTypes: true })) {
  if (!file.isFile()) continue;
  const built = `${file.parentPath}/${file.name}`;
  if (built === manual) continue;
  const source = built.replace(`${root}/dist`, `${root}/src`).replace(/(\.d\.ts|\.js)$/, ".ts");
  if (!existsSync(source)) rmSync(built);
}
if (existsSync(entry)) chmodSync(entry, 0o755);
if (done.status === 0) writeFileSync(manual, execFileSync(process.execPath, [entry, "man"]));
process.exit(done.status ?? 1);
