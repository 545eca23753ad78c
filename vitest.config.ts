import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests import the built program (#lib/…), as Node itself loads it: what is tested is what is shipped.
export default defineConfig({
  resolve: { alias: [{ find: /^#lib\//, replacement: fileURLToPath(new URL("./dist/", import.meta.url)) }] },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/helpers/global-setup.ts"],
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
    // A shared machine may stand still for seconds; where somebody looks on, nothing is tried twice.
    retry: process.env.CI ? 1 : 0,
    env: { TZ: "Asia/Kathmandu" },
  },
});
