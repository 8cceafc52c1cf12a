/** What whoever holds the log's lock says about the log itself; it changes no run. */

import * as z from "zod";
import { sha256Hex } from "../payloads.ts";
import { record } from "./entry.ts";
import { reason } from "./parts.ts";

/** See the module. */
export const records = {
  segment_started: record({ previous: z.string(), sum: sha256Hex }),
  log_repaired: record({
    /** Byte offset of what was removed. */
    offset: z.int().min(0),
    bytes: z.int().min(0),
    sha256: sha256Hex,
    /** File that keeps the removed bytes, beside the log; empty where none were removed. */
    copy: z.string(),
    reason,
  }),
};
