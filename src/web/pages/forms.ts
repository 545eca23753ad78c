/** Plain forms that ask the server for something. Owns their markup; what they do, and whether it may be done, is the server's. */
import { element, html } from "../html.ts";
import type { Html } from "../seam.ts";

export interface ActionForm {
  readonly csrf: string;
  /** Where it is sent; null: the template of a list's item. */
  readonly action: string | null;
  /** The key of the place that holds the address, where that lives. */
  readonly live?: string;
  readonly label: string;
  readonly id?: string;
  /** What else is asked. */
  readonly fields?: Html;
}

export function actionForm({ csrf, action, live, label, id, fields }: ActionForm): Html {
  return element(
    "form",
    { method: "post", action, "data-live": live, id },
    html`<input type="hidden" name="csrf" value="${csrf}"><button>${label}</button>${fields}`,
  );
}
