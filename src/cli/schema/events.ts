/** The schema of an event: of a line of a run's log, and of what `omk events --json` prints. */

import * as z from "zod";
import { SCHEMA_VERSION } from "../../log/event.ts";
import { type Kind, KINDS } from "../../log/kinds.ts";
import { eventIndex, sha256Hex } from "../../log/payloads.ts";

/** What the fields around a payload are, and who appends a kind. */
const ACTORS = {
  fact: { pattern: /^controller\/[1-9]\d*$/, what: "A fact of the run's controller" },
  request: {
    pattern: /^(?:cli\/\d+|worker\/.+)$/,
    what: "A request to the run's controller, by any process",
  },
  record: { pattern: /^log$/, what: "A record of the log about itself" },
} as const;

/** The JSON Schema of an event, one variant for each kind. */
export function eventsJsonSchema(): Record<string, unknown> {
  const variants = Object.keys(KINDS).map((kind) => variantOf(kind as Kind));
  const [first, ...rest] = variants;
  if (first === undefined) throw new RangeError("The table of kinds is empty");
  return z.toJSONSchema(
    z.discriminatedUnion("kind", [first, ...rest]).describe("An event of a run: one line of its log"),
    { io: "input" },
  );
}

function variantOf(kind: Kind) {
  const { class: kindClass, payload } = KINDS[kind];
  const actor = ACTORS[kindClass];
  return z.strictObject({
    index: eventIndex.describe("From 0, without gaps"),
    id: z.uuid().describe("UUID version 7"),
    run_id: z.string(),
    ts: z.iso.datetime().describe("On the run clock; never decreases"),
    schema_version: z.literal(SCHEMA_VERSION),
    kind: z.literal(kind),
    subject: z.string().regex(/^(?:run|task\/.+)$/),
    actor: z.string().regex(actor.pattern),
    payload,
    prev: sha256Hex.optional().describe(
      "In the log only: sum of the commit before, at the first event of a commit",
    ),
    commit: z.int().min(1).optional().describe(
      "In the log only: how many events the commit has, at its first event",
    ),
    sum: sha256Hex.optional().describe("In the log only: sum of the commit, at its last event"),
  }).describe(actor.what);
}
