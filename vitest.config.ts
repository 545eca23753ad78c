import { defineConfig } from "vitest/config";

// Tests import the built program (#lib/…): what is tested is what is shipped.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/helpers/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
    env: { TZ: "Asia/Kathmandu" },
  },
});
