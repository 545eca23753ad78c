/** `serve [--http ADDRESS]`: the page, without running anything, until a signal. */

import { runServer } from "../../app/serve.ts";
import { connect, setUp } from "../../app.ts";
import { credentialsOf } from "../../config/secrets.ts";
import { ConfigError } from "../../core/errors.ts";
import { atAddress } from "../address.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { failureOf } from "../failure.ts";
import { leaveSignals, outliveHangups } from "../io.ts";
import { Voice } from "../voice.ts";

export async function handle({ invocation, given }: Call): Promise<number> {
  outliveHangups();
  const voice = new Voice({ invocation, given, named: true });
  const asked = atAddress({ invocation, given });
  try {
    const setup = await setUp(asked, "pass");
    const { config, broken, warnings } = setup;
    voice.keep(...credentialsOf(config));
    voice.warn(warnings);
    if (broken.length > 0) voice.trouble(failureOf(new ConfigError(broken)));
    const store = await connect(setup);
    leaveSignals();
    try {
      await runServer(setup, store, { emit: (name, payload) => voice.emit(name, payload), reload: () => setUp(asked, "pass") });
    } finally {
      await store.close();
    }
    return EXIT.done;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "usage") throw error;
    voice.trouble(failure);
    return failure.code;
  } finally {
    await voice.settled();
  }
}
