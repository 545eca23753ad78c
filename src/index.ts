/** What job authors import. Nothing else of this package is public. */
export {
  defineJob,
  ExecError,
  type ExecOptions,
  type ExecResult,
  type JobContext,
  type JobDefinition,
  StoppedError,
} from "./run/define.ts";
