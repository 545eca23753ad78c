/** A daemon, put together: the loop, the reload, the page, the alerts and the service manager. Owns who hears what, and the order of the end. */
import type { PassEnd, Setup } from "../app.ts";
import { alertsWanted } from "../config/alerts.ts";
import type { Emit } from "../core/events.ts";
import { Daemon } from "../engine/daemon.ts";
import type { Meters } from "../report/meters.ts";
import type { Store } from "../store/store.ts";
import { type Service, systemd } from "../systemd.ts";
import type { Page } from "./page.ts";
import { watchRegistry } from "./reload.ts";
import { makeWorld } from "./world.ts";

/** Seconds between two looks of a daemon at all rows. */
const POLL_SECONDS = 20;

/** Passes without end. Resolves when it was told to end and what it started has ended. Throws StoreError if the first look fails. */
export async function runDaemon(
  setup: Setup,
  store: Store,
  { emit, reload }: { emit: Emit; reload(): Promise<Setup> },
): Promise<Pick<PassEnd, "signalled" | "cut">> {
  const alerts = alertsWanted(setup.config) ? (await import("./alert-watch.ts")).watchAlerts(setup, store, emit) : null;
  let service: Service | null = null;
  let page: Page | null = null;
  let meters: Meters | null = null;
  const tell: Emit = (name, payload) => {
    service?.hear(name, payload);
    meters?.emit(name, payload);
    page?.heard(name);
    emit(name, payload);
    alerts?.hear(name, payload);
  };
  const { world, ending, close } = await makeWorld(setup, store, { tell, patient: true });
  service = systemd(process.env);
  const { hostLabel: host, http } = setup.config;
  const ready = () => service?.ready(`${setup.registry.jobs.length} jobs`);
  const daemon = new Daemon(world, { poll: POLL_SECONDS, host, ready, turned: () => page?.turned() });
  if (http) {
    const [{ openPageBeside }, { Meters }] = await Promise.all([import("./page.ts"), import("../report/meters.ts")]);
    meters = new Meters();
    page = await openPageBeside({ ...setup, ...{ store, emit, draining: ending.draining, schedules: true, meters } });
  }
  const replace = (next: Setup) => {
    daemon.replace(next.registry);
    page?.replace(next);
    alerts?.replace(next);
  };
  const again = () => {
    service?.reloading();
    return reload();
  };
  const watch = watchRegistry(setup, { reload: again, emit: tell, replace });
  try {
    await daemon.run();
    return { signalled: ending.signalled, cut: ending.aborting.aborted };
  } finally {
    watch.close();
    service.close();
    ending.forget();
    await page?.close();
    await Promise.all([close(), alerts?.close()]);
  }
}
