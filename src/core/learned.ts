/** What importing a job's module tells: plain data that travels from the child that imported it to a file that remembers it. */

/**
 * A file as it was before it was imported. Unchanged: same size, same times. Packers, `rsync -t` and builds that can be repeated give other
 * contents the same mtime; nobody but the kernel gives a ctime.
 */
export interface FileStamp {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970, with the file system's fraction. */
  readonly mtimeMs: number;
  /** When its content, its name or its rights last changed, by its host's clock; as mtimeMs. */
  readonly ctimeMs: number;
}

/**
 * One export of a module, as far as JSON can say it. Values are as the author wrote them, unchecked:
 * whoever builds the registry checks them, so that code and file are judged by the same rules.
 */
export interface LearnedExport {
  /** It has a `run` function: it is a job. */
  readonly hasRun: boolean;
  readonly name?: unknown;
  readonly schedule?: unknown;
  readonly timezone?: unknown;
  /** A name or a list of names. */
  readonly dependsOn?: unknown;
  readonly backfill?: unknown;
  readonly startDeadline?: unknown;
  readonly timeout?: unknown;
  readonly errorRetryTime?: unknown;
  readonly retry?: unknown;
  readonly maxAttempts?: unknown;
  readonly onLost?: unknown;
  readonly maxLost?: unknown;
  readonly lease?: unknown;
  readonly transaction?: unknown;
  readonly tags?: unknown;
  readonly locks?: unknown;
  readonly env?: unknown;
  readonly envPass?: unknown;
  readonly cwd?: unknown;
  readonly user?: unknown;
  readonly description?: unknown;
  readonly owner?: unknown;
  readonly runbook?: unknown;
  readonly alertAfter?: unknown;
  readonly alerts?: unknown;
  readonly enabled?: unknown;
  /** The job's own options with their defaults. */
  readonly options?: unknown;
  /** Keys a definition may not have, by their names: a misspelt `dependson` must not be lost on the way. */
  readonly unknown?: readonly string[];
}

/** Why a module could not be imported, in the words of the error it threw. */
export interface LearnError {
  readonly type: string;
  readonly value: string;
  readonly traceback: string;
}

export type Learned =
  | {
      readonly ok: true;
      /** By the export's name; `default` is one of them. Exports that are no objects are left out. */
      readonly exports: Readonly<Record<string, LearnedExport>>;
      /** The module itself and every file of the project it imported. */
      readonly imports: readonly FileStamp[];
    }
  | { readonly ok: false; readonly error: LearnError; readonly imports?: readonly FileStamp[] };

/** Imports each file in a child process and tells what it found, by the file's absolute path. Never throws for what a module does. */
export type Learn = (files: readonly string[], options: { readonly timeoutMs: number }) => Promise<ReadonlyMap<string, Learned>>;
