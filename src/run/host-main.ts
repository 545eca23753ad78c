/** The entry of a host child. Owns nothing: see host.ts. */
import { serve } from "./host.ts";

serve();
