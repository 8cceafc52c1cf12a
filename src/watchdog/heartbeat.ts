/** The sign of life of a worker process: what stands in its file, and how that is read. */

import * as z from "zod";

/** What an attempt has done so far. It moves on when either number changes. */
export interface Progress {
  /** Bytes that it has printed, with those of a line that has no end yet. */
  readonly output_bytes: number;
  /** CPU time of its processes, milliseconds; null where nobody could measure it. */
  readonly cpu_ms: number | null;
}

/** How far an attempt is: its place is made ready, its body runs, or its body is over. Only a body can stall. */
export type SlotStage = "setup" | "body" | "over";

/** One attempt that a worker process has in hand. */
export interface HeartbeatSlot {
  readonly task_id: string;
  readonly attempt: number;
  /** Fencing token. */
  readonly token: number;
  readonly stage: SlotStage;
  readonly progress: Progress;
  /** Last line that it printed, finished or not, redacted; "" where there is none. */
  readonly last_line: string;
}

/** See the module. Field names are those of the file. */
export interface Heartbeat {
  /** `stopped`: the last one, of a worker that has ended as it should. */
  readonly status: "alive" | "stopped";
  /** ISO 8601, by the wall clock of the writer; anything else is no time. */
  readonly ts: string;
  readonly pid: number;
  /** What tells the process from a later one with its pid; null where the machine does not say. */
  readonly start_time: string | null;
  readonly boot_id: string | null;
  readonly slots: readonly HeartbeatSlot[];
}

/** What was found in the place of a heartbeat. */
export type HeartbeatReading =
  | { readonly kind: "absent" }
  /** Something is there that is no heartbeat. */
  | { readonly kind: "unreadable"; readonly reason: string }
  | { readonly kind: "read"; readonly heartbeat: Heartbeat };

const count = z.int().min(0);

/** Unknown fields are left out; a time that is none is for the verdict to judge. */
const heartbeatSchema = z.object({
  status: z.enum(["alive", "stopped"]),
  ts: z.string().catch(""),
  pid: z.int(),
  start_time: z.string().nullable(),
  boot_id: z.string().nullable(),
  slots: z.array(z.object({
    task_id: z.string(),
    attempt: count,
    token: count,
    stage: z.enum(["setup", "body", "over"]),
    progress: z.object({ output_bytes: count, cpu_ms: z.number().min(0).nullable() }),
    last_line: z.string(),
  })),
});

/** Reads the text of a heartbeat file. Never throws: whatever stands there is a value. */
export function parseHeartbeat(text: string): HeartbeatReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "unreadable", reason: "it is no JSON" };
  }
  const parsed = heartbeatSchema.safeParse(value);
  if (parsed.success) return { kind: "read", heartbeat: parsed.data };
  const [issue] = parsed.error.issues;
  return { kind: "unreadable", reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}` };
}

/** The moment of a heartbeat, milliseconds by the wall clock of its writer; null where it gives none. */
export function timeOfHeartbeat({ ts }: Heartbeat): number | null {
  const time = /^\d{4}-\d{2}-\d{2}T/.test(ts) ? Date.parse(ts) : NaN;
  return Number.isFinite(time) ? time : null;
}
