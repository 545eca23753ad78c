// Adds up what .ci/run saw: `ci-tally.mjs STEPS_LOST TEST_EXIT_CODE tests.json tarball.json`. Prints "N passed, N failed"; exit code 1 if anything failed.
import { readFileSync } from "node:fs";

const [lost, testExit, testsFile, tarballFile] = process.argv.slice(2);

/** A report that was never written is a failure of its own. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null; // the step died before its report
  }
}

const tests = read(testsFile);
const tarball = read(tarballFile) ?? { passed: 0, failed: 1 };
// A file that cannot be loaded has no tests to count.
const broken = (tests?.testResults ?? []).filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
const passed = (tests?.numPassedTests ?? 0) + tarball.passed;
let failed = Number(lost) + (tests?.numFailedTests ?? 0) + broken + tarball.failed;
// Unhandled errors and failing hooks end the run without a failing test.
if (Number(testExit) !== 0 && (tests?.numFailedTests ?? 0) + broken === 0) failed += 1;
if (passed === 0) failed ||= 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
