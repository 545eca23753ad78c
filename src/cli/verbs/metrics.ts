/** `metrics [--textfile FILE]`: how the jobs stand, as Prometheus reads it. */
import { resolve } from "node:path";
import { metricsText, Textfile } from "../../app/textfile.ts";
import { ConfigError } from "../../core/errors.ts";
import type { View } from "../../report/view.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer } from "../io.ts";
import { configured, fleetViewOf, withStore } from "../reading.ts";

export async function handle(call: Call): Promise<number> {
  const { given, invocation } = call;
  const setup = await configured(call);
  const view = () => withStore(setup, (store) => fleetViewOf(setup, store));
  if (given.textfile === null) {
    answer(await metricsText(await view()));
    return EXIT.done;
  }
  let failure: unknown = null;
  const seen = async (): Promise<View | null> => {
    try {
      return await view();
    } catch (error) {
      // The file says that there is no database; whoever called is told why.
      failure = error;
      return null;
    }
  };
  const trouble = (message: string) => {
    throw new ConfigError([{ file: "command line", line: null, message }]);
  };
  await new Textfile({ file: resolve(invocation.cwd, given.textfile), spool: setup.config.spool, view: seen, trouble }).write(null);
  if (failure) throw failure;
  return EXIT.done;
}
