import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What only a browser can show is left out where there is none; global-setup says so. */
const withoutBrowser = existsSync("/usr/bin/chromium") ? [] : ["test/web/pages-{hands,live,looks}.test.ts"];

/** Files that mostly wait: begun first, so that no worker is left waiting for the last of them. */
const LONG = [
  "test/cron/",
  "test/faults/short",
  "test/fleet/rolling",
  "test/daemon/",
  "test/store/explorer.",
  "test/alerts/",
  "test/failover/",
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => [...LONG, ""].findIndex((part) => moduleId.includes(part));
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

// Tests import the built program (#lib/…), as Node itself loads it: what is tested is what is shipped.
export default defineConfig({
  resolve: { alias: [{ find: /^#lib\//, replacement: fileURLToPath(new URL("./dist/", import.meta.url)) }] },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...withoutBrowser],
    globalSetup: ["test/helpers/global-setup.ts"],
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongFirst },
    pool: "forks",
    // Many tests wait for leases and deadlines: three keep two cores busy.
    maxWorkers: 3,
    // A shared machine may stand still for seconds; where somebody looks on, nothing is tried twice.
    retry: process.env.CI ? 1 : 0,
    env: { TZ: "Asia/Kathmandu" },
  },
});
