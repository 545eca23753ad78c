/** Who meets whom: the situations the shipped protocol must come through. Owns the list; rules are in oracle.ts. */
import { makeJob } from "../../helpers/job.ts";
import type { Scenario } from "./explore.ts";
import { host, resetter, time } from "./programs.ts";

/** Leases last so long that only `time` ends them. */
const daily = { schedule: "1d|03:00", lease: 3600, errorRetryTime: 0 };
const plain = makeJob({ name: "job", ...daily });

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "two hosts claim",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a");
      host(stage, "b");
    },
  },
  {
    name: "three hosts claim",
    jobs: [plain],
    actors: (stage) => {
      for (const name of ["a", "b", "c"]) host(stage, name);
    },
  },
];
