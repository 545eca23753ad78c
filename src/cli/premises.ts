/** What a doctor looks at on this host: files with secrets in them, outcomes that wait. Owns the looking; judges nothing. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Config } from "../config/config.ts";

/** Configuration files that hold a secret and that their group, or everybody, can read. */
export function openSecrets({ files, database, httpToken, sentryDsn, alerts, cwd }: Config): { file: string; mode: string }[] {
  const password = database?.kind === "server" ? database.connection.password : null;
  const secrets = [password, password && encodeURIComponent(password), httpToken, sentryDsn, alerts.webhook, alerts.pingUrl].filter(
    (secret) => !!secret,
  );
  return files.flatMap(({ path }) => {
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o044) === 0) return [];
    const text = readFileSync(path, "utf8");
    if (!secrets.some((secret) => text.includes(String(secret)))) return [];
    const near = relative(cwd, path);
    return [{ file: near.startsWith("..") ? path : near, mode: `mode ${mode.toString(8)}` }];
  });
}

/** Outcomes of this host's runs that the database has not got yet, of whichever database. */
export function spooled(folder: string): { folder: string; waiting: number; unreadable: string[] } {
  const names = readAll(folder).filter((name) => name.startsWith("outcomes-"));
  const files = names.flatMap((name) => readAll(join(folder, name)).map((file) => join(folder, name, file)));
  return {
    folder,
    waiting: files.filter((file) => file.endsWith(".json")).length,
    unreadable: files.filter((file) => file.endsWith(".unreadable")),
  };
}

function readAll(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Not there: nothing was ever put into it.
    return [];
  }
}
