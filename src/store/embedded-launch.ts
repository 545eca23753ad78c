/** Starts a keeper from a user's process. Imported only when no keeper answers; owns nothing after the keeper listens. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { StoreError } from "../core/errors.ts";
import { folderKind, KEEPER_BUSY, KEEPER_FAILED, refuseForeign } from "./embedded-folder.ts";
import { prepareFolder, type Way, waysFor } from "./embedded-identity.ts";

/** `listening`: it takes users now, though the server may still be starting. `busy`: another keeper holds the lock. */
export type Launched = "listening" | "busy";

type Ended = { readonly code: number | null; readonly why: string };

/** A keeper lives long: it gets no more of the environment than Node itself may need. */
function keeperEnv(): Record<string, string> {
  const { PATH = "/usr/local/bin:/usr/bin:/bin", LD_LIBRARY_PATH } = process.env;
  return { PATH, LC_ALL: "C", TZ: "UTC", ...(LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {}) };
}

function launch(folder: string, way: Way, background: boolean): Promise<Launched | Ended> {
  const entry = fileURLToPath(new URL("./embedded-keeper.js", import.meta.url));
  const [program = "", ...args] = [...way.prefix, process.execPath, entry, folder];
  return new Promise((done) => {
    const keeper = spawn(program, args, { cwd: "/", env: keeperEnv(), detached: true, stdio: ["ignore", "pipe", "pipe"], ...way.as });
    let why = "";
    const release = (outcome: Launched | Ended) => {
      keeper.stdout.destroy();
      keeper.stderr.destroy();
      keeper.unref();
      done(outcome);
    };
    if (background) for (const held of [keeper, keeper.stdout, keeper.stderr]) (held as { unref?: () => void }).unref?.();
    keeper.stdout.once("data", () => release("listening"));
    keeper.stderr.on("data", (chunk: Buffer) => {
      why += chunk.toString("utf8");
    });
    keeper.once("error", (error) => release({ code: null, why: error.message }));
    keeper.once("close", (code) => release(code === KEEPER_BUSY ? "busy" : { code, why: why.trim() }));
  });
}

function attempt(folder: string, way: Way, background: boolean): Promise<Launched | Ended> {
  try {
    prepareFolder(folder, way);
    return launch(folder, way, background);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    return Promise.resolve({ code: null, why: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * Starts a keeper for `folder`, in the first way that works. In the background it does not keep this process alive.
 * Throws StoreError when the folder is not ours to use, or no way works: then with every reason.
 */
export async function startKeeper(folder: string, background: boolean): Promise<Launched> {
  if (process.platform === "win32") {
    throw new StoreError("there is no embedded database on Windows (configure a server with database_url = postgres://…)");
  }
  const kind = folderKind(folder);
  refuseForeign(folder, kind);
  const reasons: string[] = [];
  for (const way of waysFor(folder, kind)) {
    const outcome = await attempt(folder, way, background);
    if (typeof outcome === "string") return outcome;
    if (outcome.code === KEEPER_FAILED) throw new StoreError(outcome.why);
    reasons.push(`${way.label}: ${outcome.why || `exit code ${outcome.code}`}`);
  }
  throw new StoreError(
    `the embedded database in ${folder} could not be started (make the folder and this program reachable for that user, ` +
      `or configure a server with database_url = postgres://…)\n${reasons.map((reason) => `  ${reason}`).join("\n")}`,
  );
}
