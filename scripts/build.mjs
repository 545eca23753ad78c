// Compiles src/ to dist/, copies the styles, removes what no longer has a source (a renamed module must not live on in the package), and
// has the program write its manual page.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
// What runs in browsers is compiled for itself: it knows documents, and nothing of Node.
const failed = ["tsconfig.json", "tsconfig.client.json"].filter(
  (config) => spawnSync(process.execPath, [tsc, "-p", config], { cwd: root, stdio: "inherit" }).status !== 0,
);
const [client, shipped] = [`${root}/src/web/client`, `${root}/dist/web/client`];
mkdirSync(shipped, { recursive: true });
for (const file of readdirSync(client).filter((name) => /\.(css|svg)$/.test(name))) copyFileSync(`${client}/${file}`, `${shipped}/${file}`);

for (const file of readdirSync(`${root}/dist`, { recursive: true, withFileTypes: true })) {
  if (!file.isFile()) continue;
  const built = `${file.parentPath}/${file.name}`;
  if (built === manual) continue;
  const source = built.replace(`${root}/dist`, `${root}/src`).replace(/(\.d\.ts|\.js)$/, ".ts");
  if (!existsSync(source)) rmSync(built);
}
if (existsSync(entry)) chmodSync(entry, 0o755);
if (failed.length === 0) writeFileSync(manual, execFileSync(process.execPath, [entry, "man"]));
process.exit(failed.length > 0 ? 1 : 0);
