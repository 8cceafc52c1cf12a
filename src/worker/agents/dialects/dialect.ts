/** One form of JSON lines that an agent prints while it works. */

import type { JsonObject } from "../json.ts";
import type { AgentEnd, AgentUpdate } from "../port.ts";

/** Reads the lines of one session. */
export interface Dialect {
  /** What a line tells; empty for lines that say nothing to people. */
  read(message: JsonObject): readonly AgentUpdate[];
  /** How the session ended; null as long as no line has said so. */
  end(): AgentEnd | null;
}
