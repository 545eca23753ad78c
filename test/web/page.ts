/** Servers of the page for tests: real processes on a port of their own. */
import type { Process, Site } from "../helpers/hosts.ts";
import { until } from "../helpers/processes.ts";

export interface Serving extends Process {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  said(text: string): Promise<void>;
  stderr(): string;
  /** SIGTERM, and the exit code. */
  end(): Promise<number | null>;
}

/** `crontabber VERB` of that host, once it has said where its page is. */
export async function serving(site: Site, host: string, args: readonly string[] = ["serve"]): Promise<Serving> {
  const started = site.start(host, args);
  let stderr = "";
  started.child.stderr?.on("data", (text) => {
    stderr += text;
  });
  const page = /page at (http:\/\/[^/]+\/)/;
  let over = false;
  void started.ended.then(() => {
    over = true;
  });
  await until("the page is up", () => page.test(stderr) || over);
  const [, url] = page.exec(stderr) ?? [];
  if (url === undefined) throw new Error(`${host} ended: ${stderr}`);
  return {
    ...started,
    url,
    stderr: () => stderr,
    said: (text) => until(`${host} says "${text}": ${stderr.slice(-2000)}`, () => stderr.includes(text)),
    end: async () => {
      started.kill("SIGTERM");
      return (await started.ended).code;
    },
  };
}

/** What a browser keeps of an answer's cookies, as it sends them back. */
export function cookiesOf(setCookie: readonly string[] | undefined): string {
  return (setCookie ?? []).map((line) => line.split(";")[0]).join("; ");
}
