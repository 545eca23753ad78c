/** `daemon`: passes without end, until a signal. */

import { runDaemon } from "../../app/daemon.ts";
import { connect, setUp } from "../../app.ts";
import { credentialsOf } from "../../config/secrets.ts";
import { ConfigError } from "../../core/errors.ts";
import { SIGNAL_CODES } from "../../signals.ts";
import { atAddress } from "../address.ts";
import { tellFailure } from "../alerting.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { failureOf } from "../failure.ts";
import { leaveSignals, outliveHangups } from "../io.ts";
import { Voice } from "../voice.ts";

export async function handle({ invocation, given }: Call): Promise<number> {
  outliveHangups();
  // Nobody mails a daemon's words: every change is told, each time.
  const voice = new Voice({ invocation, given, named: true });
  const asked = atAddress({ invocation, given });
  try {
    const setup = await setUp(asked, "pass");
    const { config, broken, warnings } = setup;
    voice.keep(...credentialsOf(config));
    voice.warn(warnings);
    if (broken.length > 0) voice.trouble(failureOf(new ConfigError(broken)));
    const store = await connect(setup, { listens: true });
    leaveSignals();
    const { signalled, cut } = await runDaemon(setup, store, {
      emit: (name, payload) => voice.emit(name, payload),
      reload: () => setUp(asked, "pass"),
    });
    await store.close();
    return cut && signalled ? SIGNAL_CODES[signalled] : EXIT.done;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "usage") throw error;
    voice.trouble(failure);
    await tellFailure(invocation, failure, voice.emit);
    return failure.code;
  } finally {
    await voice.settled();
  }
}
