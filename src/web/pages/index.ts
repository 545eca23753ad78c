/** What the pages offer to the server. Owns the list; each page is a file. */
import type { Pages } from "../seam.ts";
import { jobPage } from "./job.ts";
import { live } from "./live.ts";
import { confirm, failure, login } from "./messages.ts";
import { overview } from "./overview.ts";

export const pages: Pages = { overview, job: jobPage, confirm, failure, login, live };
