/** One connection for all tabs of a browser: passes on whatever comes, as it came. Shows nothing. */
const EVENTS = ["full", "change", "beat", "output"];
/** As many jobs' output as the server tells one reader. */
const MOST_JOBS = 10;

/** Tabs, and whose output each of them shows. */
const tabs = new Map<MessagePort, string>();
/** What is known by now, for a tab that comes later. */
let known: Record<string, unknown> = {};
let beat = "";
let source: EventSource | null = null;
let asked: ReadonlySet<string> = new Set();

function tell(name: string, data: string): void {
  for (const tab of tabs.keys()) tab.postMessage([name, data]);
}

function open(address: string): void {
  source?.close();
  asked = new Set([...tabs.values()].filter((job) => job !== "").slice(-MOST_JOBS));
  const jobs = [...asked].map((job) => `job=${encodeURIComponent(job)}`).join("&");
  const mine = new EventSource(jobs === "" ? address : `${address}?${jobs}`);
  source = mine;
  known = {};
  beat = "";
  for (const name of EVENTS) {
    mine.addEventListener(name, (event) => {
      const { data } = event as MessageEvent<string>;
      if (name === "beat") beat = data;
      if (name === "full") known = JSON.parse(data);
      if (name === "change") Object.assign(known, JSON.parse(data));
      tell(name, data);
    });
  }
  mine.addEventListener("error", () => {
    // Refused for good: whoever asks again begins anew.
    if (mine.readyState === EventSource.CLOSED && mine === source) source = null;
  });
}

function join(tab: MessagePort, address: string, job: string): void {
  tabs.delete(tab);
  tabs.set(tab, job);
  if (source === null || (job !== "" && !asked.has(job))) open(address);
  else if (Object.keys(known).length > 0) {
    tab.postMessage(["full", JSON.stringify(known)]);
    if (beat !== "") tab.postMessage(["beat", beat]);
  }
}

function leave(tab: MessagePort): void {
  tabs.delete(tab);
  if (tabs.size > 0) return;
  source?.close();
  source = null;
}

addEventListener("connect", (event) => {
  const [tab] = (event as MessageEvent).ports;
  if (!tab) return;
  tab.onmessage = ({ data: [what, address = "", job = ""] }: MessageEvent<string[]>) =>
    what === "join" ? join(tab, address, job) : leave(tab);
});
