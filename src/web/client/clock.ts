/**
 * Time goes on: the page's clock, how long runs have taken, and how far away instants are. All from the database's time, as the page or
 * the last beat had it; never from this computer's clock.
 */
interface Told {
  /** Milliseconds of the database's time. */
  at: number;
  /** When that was heard, by a clock that only measures. */
  heard: number;
}

const told: Told = { at: Date.parse(document.body.dataset.now ?? ""), heard: performance.now() };
const offset = Number(document.body.dataset.offset ?? 0) * 1000;
const two = (n: number): string => String(n).padStart(2, "0");

/** As report/ages.ts says it. */
function near(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m`;
  const [hours, minutes] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  if (hours < 24) return minutes === 0 || hours > 9 ? `${hours}h` : `${hours}h ${minutes}m`;
  return `${Math.floor(hours / 24)}d`;
}

function took(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
  return s < 86_400
    ? `${Math.floor(s / 3600)}h ${two(Math.floor(s / 60) % 60)}m`
    : `${Math.floor(s / 86_400)}d ${two(Math.floor(s / 3600) % 24)}h`;
}

function distance(away: number, due: boolean): string {
  if (Math.abs(away) < 1000) return "now";
  return away > 0 ? `in ${near(away / 1000)}` : `${near(-away / 1000)} ${due ? "late" : "ago"}`;
}

function put(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function tick(): void {
  if (document.hidden || document.body.classList.contains("stale") || Number.isNaN(told.at)) return;
  const now = told.at + performance.now() - told.heard;
  const clock = document.getElementById("clock") as HTMLTimeElement | null;
  // Before the first beat the page is as old as it says.
  if (clock && document.body.classList.contains("live")) {
    const wall = new Date(now + offset);
    put(clock, `${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}:${two(wall.getUTCSeconds())}`);
    clock.dateTime = new Date(now).toISOString();
  }
  for (const small of document.querySelectorAll("time + small")) {
    const at = (small.previousElementSibling as HTMLTimeElement).getAttribute("datetime");
    put(small, at ? distance(Date.parse(at) - now, small.className === "due") : "");
  }
  for (const time of document.querySelectorAll<HTMLTimeElement>("time.elapsed[datetime]"))
    put(time, took((now - Date.parse(time.dateTime)) / 1000));
  for (const bar of document.querySelectorAll<HTMLProgressElement>("progress[data-since]")) {
    bar.value = Math.min(bar.max, Math.max(0, (now - Date.parse(bar.dataset.since ?? "")) / 1000));
  }
}

document.addEventListener("told", (event) => {
  told.at = Date.parse((event as CustomEvent<string>).detail);
  told.heard = performance.now();
  tick();
});
document.addEventListener("visibilitychange", tick);
document.addEventListener("patched", tick);
setInterval(tick, 1000);
