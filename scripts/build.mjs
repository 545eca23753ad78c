// Compiles src/ to dist/, copies the styles, then removes what no longer has a source: a renamed module must not live on in the package.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const tsc = `${root}/node_modules/typescript/bin/tsc`;
const entry = `${root}/dist/cli.js`;

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
// Browsers need no indentation, and nobody reads comments there; no file has a text that goes over several lines.
const squeezed = (text) => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s+/gm, "");
const [client, shipped] = [`${root}/src/web/client`, `${root}/dist/web/client`];
mkdirSync(shipped, { recursive: true });
for (const file of readdirSync(client).filter((name) => /\.(css|svg)$/.test(name))) {
  writeFileSync(
    `${shipped}/${file}`,
    squeezed(readFileSync(`${client}/${file}`, "utf8")).replace(/ ?([{};,]) ?/g, file.endsWith("css") ? "$1" : "$&"),
  );
}
for (const file of readdirSync(shipped).filter((name) => name.endsWith(".js"))) {
  writeFileSync(`${shipped}/${file}`, squeezed(readFileSync(`${shipped}/${file}`, "utf8")));
}

for (const file of readdirSync(`${root}/dist`, { recursive: true, withFileTypes: true })) {
  if (!file.isFile()) continue;
  const built = `${file.parentPath}/${file.name}`;
  const source = built.replace(`${root}/dist`, `${root}/src`).replace(/(\.d\.ts|\.js)$/, ".ts");
  if (!existsSync(source)) rmSync(built);
}
if (existsSync(entry)) chmodSync(entry, 0o755);
process.exit(failed.length > 0 ? 1 : 0);
