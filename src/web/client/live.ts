/**
 * Hears what changes: through a worker that all tabs share, where the browser has one, else by itself. Owns when the page counts as cut
 * off, what is said aloud, what is appended to the output, and when the page must be fetched anew.
 */
type Values = Record<string, unknown>;
interface Beat {
  now: string;
  good: boolean;
}
interface OutputPart {
  job: string;
  from: number;
  text: string;
}
declare const trustedTypes:
  | { createPolicy(name: string, rules: { createScriptURL(text: string): string }): { createScriptURL(text: string): string } }
  | undefined;

const SILENT_MS = 20_000;
const RETRY_MS = 5_000;
const SAY_MS = 10_000;
const RENEWED = "crontabber-renewed";
const OPENED = "crontabber-opened";
const TOLD = "crontabber-told";
/** Characters of output that are kept on the page. */
const MOST_OUTPUT = 200_000;

const { body } = document;
const { events = "", job = "", worker = "" } = body.dataset;
const watch: Record<string, string> = JSON.parse(body.dataset.watch ?? "{}");
const signal = document.getElementById("signal-word");
const say = document.getElementById("say");
let heard = performance.now();
let reopened = heard;
let source: EventSource | null = null;
let port: MessagePort | null = null;
let goodAt = document.getElementById("clock")?.textContent ?? "";

function show(live: boolean, words = ""): void {
  body.classList.toggle("live", live);
  body.classList.toggle("stale", !live);
  if (signal && signal.textContent !== (live ? "live" : words)) signal.textContent = live ? "live" : words;
}

function silent(why: string): void {
  if (!body.classList.contains("stale")) speak(`${why} since ${goodAt}`, true);
  show(false, `${why} since ${goodAt}`);
}

function hear(name: string, data: string): void {
  heard = performance.now();
  const value: unknown = JSON.parse(data);
  if (name === "full" || name === "change") take(value as Values);
  else if (name === "beat") beat(value as Beat);
  else if (name === "output") append(value as OutputPart);
}

function beat({ now, good }: Beat): void {
  if (!good) {
    silent("NO DATABASE");
    return;
  }
  show(true);
  document.dispatchEvent(new CustomEvent("told", { detail: now }));
  goodAt = document.getElementById("clock")?.textContent ?? goodAt;
}

function take(values: Values): void {
  document.dispatchEvent(new CustomEvent("values", { detail: values }));
  for (const [key, was] of Object.entries(watch)) {
    const now = `${key}=${values[key]}`;
    if (!(key in values) || values[key] === was || sessionStorage.getItem(RENEWED) === now) continue;
    // Once for each news: should the page come back the same (two servers that differ), it must not go round for ever.
    renew(now);
    return;
  }
}

const unfolded = (): HTMLDetailsElement[] => [...document.querySelectorAll("details")];

/** What was unfolded before the page came anew still is. */
function unfold(): void {
  const [path, ...open]: unknown[] = JSON.parse(sessionStorage.getItem(OPENED) ?? "[]");
  sessionStorage.removeItem(OPENED);
  if (path !== location.pathname || open.length !== unfolded().length) return;
  for (const [i, details] of unfolded().entries()) details.open = open[i] === true;
}

/** What was told of a deed is told once by the server; it stays when the deed itself renews the page. */
function tellAgain(): void {
  const [path, className, text]: unknown[] = JSON.parse(sessionStorage.getItem(TOLD) ?? "[]");
  sessionStorage.removeItem(TOLD);
  if (path !== location.pathname || document.querySelector(".notice")) return;
  const notice = document.createElement("p");
  notice.className = String(className);
  notice.textContent = String(text);
  document.getElementById("main")?.before(notice);
}

/** Fetches the page anew, but takes nothing out of anybody's hands: who types, marks or reads a dialog is told instead. */
function renew(why: string): void {
  const busy =
    document.activeElement?.matches("input:not([type=radio]),textarea,dialog *") ||
    document.querySelector("dialog[open]") ||
    getSelection()?.isCollapsed === false;
  if (document.hidden || busy) setTimeout(() => renew(why), RETRY_MS);
  else {
    sessionStorage.setItem(RENEWED, why);
    sessionStorage.setItem(OPENED, JSON.stringify([location.pathname, ...unfolded().map((one) => one.open)]));
    const notice = document.querySelector(".notice");
    if (notice) sessionStorage.setItem(TOLD, JSON.stringify([location.pathname, notice.className, notice.textContent]));
    location.reload();
  }
}

function append({ job: of, from, text }: OutputPart): void {
  const pre = document.querySelector<HTMLElement>("pre[data-output]");
  if (!pre || pre.dataset.output !== of) return;
  const end = pre.scrollTop + pre.clientHeight > pre.scrollHeight - 20;
  if (from === 0) pre.textContent = text || "Nothing was printed.";
  else pre.append(text);
  const long = (pre.textContent ?? "").length - MOST_OUTPUT;
  if (long > 0) pre.textContent = `…${(pre.textContent ?? "").slice(long)}`;
  if (end) pre.scrollTop = pre.scrollHeight;
}

let said = -SAY_MS;
let unsaid = "";

/** The newest news, not more often than anybody can listen. */
function speak(text: string, now = false): void {
  unsaid = text;
  const wait = now ? 0 : Math.max(0, said + SAY_MS - performance.now());
  setTimeout(() => {
    if (!say || unsaid !== text || text === say.textContent) return;
    said = performance.now();
    say.textContent = text;
  }, wait);
}

const verdict = (): string => document.querySelector(".verdict span")?.textContent?.trim() ?? "";
let known = verdict();

/** Only when it is another than before: a page that was read once is not read again. */
document.addEventListener("patched", () => {
  if (verdict() === known) return;
  known = verdict();
  speak(known);
});

function viaWorker(): boolean {
  if (typeof SharedWorker === "undefined") return false;
  try {
    const rules =
      typeof trustedTypes === "undefined"
        ? null
        : trustedTypes.createPolicy("crontabber", { createScriptURL: (text) => (text === worker ? text : "") });
    const shared = new SharedWorker((rules ? rules.createScriptURL(worker) : worker) as string, { type: "module", name: worker });
    shared.addEventListener("error", () => {
      port = null;
      alone();
    });
    port = shared.port;
    port.onmessage = ({ data: [name, data] }: MessageEvent<[string, string]>) => hear(name, data);
    port.postMessage(["join", events, job]);
    return true;
  } catch {
    // A policy or a setting forbids it: then each tab for itself.
    return false;
  }
}

function alone(): void {
  source?.close();
  source = new EventSource(job === "" ? events : `${events}?job=${encodeURIComponent(job)}`);
  for (const name of ["full", "change", "beat", "output"])
    source.addEventListener(name, (event) => hear(name, (event as MessageEvent<string>).data));
}

setInterval(() => {
  const quiet = performance.now() - heard;
  if (quiet < SILENT_MS) return;
  silent("NO SIGNAL");
  // Browsers give up on a server that refused; a person who looks at the page does not.
  if (performance.now() - reopened < SILENT_MS) return;
  reopened = performance.now();
  if (port) port.postMessage(["join", events, job]);
  else alone();
}, 1000);

addEventListener("pagehide", () => {
  port?.postMessage(["leave"]);
  source?.close();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
unfold();
tellAgain();
if (!viaWorker()) alone();
