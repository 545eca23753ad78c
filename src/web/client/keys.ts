/** Keys, the help for them, and the theme. Owns the choice to do without keys, and the cookie of the theme. */
const dialog = document.getElementById("keys") as HTMLDialogElement | null;
const on = document.getElementById("keys-on") as HTMLInputElement | null;
const filter = document.getElementById("filter") as HTMLInputElement | null;
const GO: Record<string, string> = { j: "jobs", t: "timeline", d: "graph", h: "hosts", r: "running" };
const THEMES = ["auto", "light", "dark"];
const OFF = "crontabber-keys-off";
let going = false;

/** The links of the jobs that can be seen, in the table's order. */
function jobs(): HTMLAnchorElement[] {
  return [...document.querySelectorAll<HTMLAnchorElement>("table.jobs tbody th a")].filter((link) => link.offsetParent !== null);
}

function step(by: number): void {
  const all = jobs();
  const at = all.indexOf(document.activeElement as HTMLAnchorElement);
  all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))]?.focus();
}

function go(key: string): void {
  if (key === "o") location.assign("/");
  const target = document.getElementById(GO[key] ?? "");
  if (target) {
    target.tabIndex = -1;
    target.focus();
    target.scrollIntoView();
  } else if (GO[key]) location.assign(`/#${GO[key]}`);
}

/** On its page a form asks; elsewhere the way leads there. Nothing is done by a key alone. */
function act(...names: string[]): void {
  const form = names.map((name) => document.getElementById(`do-${name}`)).find((found) => found !== null);
  if (form) {
    form.scrollIntoView({ block: "center" });
    form.querySelector<HTMLElement>("button")?.focus();
    return;
  }
  const link = document.activeElement?.closest("tr")?.querySelector<HTMLAnchorElement>("th a");
  if (link) location.assign(`${link.pathname}#do-${names[0]}`);
}

function leave(): void {
  if (filter && (filter.value !== "" || document.activeElement === filter)) {
    filter.value = "";
    filter.dispatchEvent(new Event("input"));
    filter.blur();
  } else (document.activeElement as HTMLElement | null)?.blur();
}

const KEYS: Record<string, () => void> = {
  "/": () => filter?.focus(),
  j: () => step(1),
  k: () => step(-1),
  r: () => act("run", "cancel"),
  p: () => act("pause", "resume"),
  "?": () => dialog?.showModal(),
  Escape: leave,
};

document.addEventListener("keydown", (event) => {
  const writing = (event.target as Element).matches("input:not([type=radio],[type=checkbox]),textarea,select");
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (modified || dialog?.open || (on && !on.checked) || (writing && event.key !== "Escape")) return;
  const was = going;
  going = event.key === "g";
  if (was && event.key in { o: 1, ...GO }) go(event.key);
  else if (KEYS[event.key]) KEYS[event.key]?.();
  else return;
  event.preventDefault();
});

const opener = document.getElementById("keys-open");
if (opener) {
  opener.hidden = false;
  opener.addEventListener("click", () => dialog?.showModal());
}
if (on) {
  on.checked = localStorage.getItem(OFF) === null;
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
}

/** After the browser has gone to the place itself, which takes the focus away. */
const arrive = (): unknown => /^#do-/.test(location.hash) && setTimeout(() => act(location.hash.slice(4)));
addEventListener("load", arrive);
addEventListener("hashchange", arrive);

const theme = document.getElementById("theme");
const root = document.documentElement;
function named(): void {
  if (theme) theme.textContent = `Theme: ${root.dataset.theme ?? "auto"}`;
}
theme?.addEventListener("click", (event) => {
  event.preventDefault();
  root.dataset.theme = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length] ?? "auto";
  // biome-ignore lint/suspicious/noDocumentCookie: the cookie store is not everywhere, and the server reads cookies.
  document.cookie = `crontabber_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  named();
});
named();
