/** Sorts and filters the table of jobs that is on the page. Owns the filter's state in the address, so that it survives a reload. */
const table = document.querySelector<HTMLTableElement>("table.jobs");
const filter = document.getElementById("filter") as HTMLInputElement | null;
const none = document.getElementById("none");
const radios = [...document.querySelectorAll<HTMLInputElement>("input[name=state]")];

function shown(): void {
  const text = filter?.value.trim().toLowerCase() ?? "";
  const state = radios.find((radio) => radio.checked)?.value ?? "all";
  let some = false;
  for (const row of table?.tBodies[0]?.rows ?? []) {
    const fits = row.cells[0]?.textContent?.toLowerCase().includes(text) === true;
    row.hidden = !fits;
    some ||= fits && (state === "all" || row.classList.contains(`s-${state}`));
  }
  if (none) none.hidden = some;
  const hash = [text && `filter=${encodeURIComponent(text)}`, state !== "all" && `state=${state}`].filter(Boolean).join("&");
  const bare = location.pathname + location.search;
  if (filter && location.hash.slice(1) !== hash && (hash !== "" || location.hash.includes("=")))
    history.replaceState(null, "", hash === "" ? bare : `#${hash}`);
}

/** What a cell is sorted by: numbers and instants before texts. */
function weight(cell: HTMLTableCellElement | undefined): number | string {
  const time = cell?.querySelector("time")?.getAttribute("datetime");
  if (time) return Date.parse(time);
  if (cell?.querySelector("strong")) return radios.findIndex((radio) => cell.parentElement?.classList.contains(`s-${radio.value}`));
  const text = cell?.textContent?.trim() ?? "";
  const span = /^(?:(\d+)d )?(?:(\d+)h ?)?(?:(\d+)m ?)?(?:([\d.]+)s)?$/.exec(text);
  if (span && text !== "")
    return Number(span[1] ?? 0) * 86_400 + Number(span[2] ?? 0) * 3600 + Number(span[3] ?? 0) * 60 + Number(span[4] ?? 0);
  return text === "" || text === "–" ? Number.MAX_VALUE : text.toLowerCase();
}

function sort(column: number, heading: HTMLTableCellElement): void {
  const rows = table?.tBodies[0];
  if (!rows) return;
  const down = heading.ariaSort === "ascending";
  for (const other of heading.parentElement?.children ?? []) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const weighed = [...rows.rows].map((row) => ({ row, by: weight(row.cells[column]) }));
  weighed.sort((a, b) => (a.by < b.by ? -1 : a.by > b.by ? 1 : 0) * (down ? -1 : 1));
  rows.append(...weighed.map(({ row }) => row));
}

for (const [i, heading] of [...(table?.tHead?.rows[0]?.cells ?? [])].entries()) {
  const button = document.createElement("button");
  button.textContent = heading.textContent;
  button.addEventListener("click", () => sort(i, heading));
  heading.replaceChildren(button);
}

const kept = new URLSearchParams(location.hash.slice(1));
if (filter) filter.value = kept.get("filter") ?? "";
for (const radio of radios) {
  if (radio.value === kept.get("state")) radio.checked = true;
  radio.addEventListener("change", shown);
}
filter?.addEventListener("input", shown);
shown();

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
  button.hidden = navigator.clipboard === undefined;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy ?? "")?.textContent ?? "");
    button.textContent = "Copied";
  });
}
