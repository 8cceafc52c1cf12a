/** The options that choose events, and the filter that they make. */

import type { EventFilter } from "../log/event_filter.ts";
import type { CommandArguments, OptionSpec } from "./command.ts";
import { MOMENT_OPTIONS, momentOf } from "./moment.ts";

/** See the module. */
export const EVENT_OPTIONS: readonly OptionSpec[] = [
  { name: "kind", short: "k", type: "list", placeholder: "KIND", description: "Only events of these kinds" },
  {
    name: "task",
    short: "t",
    type: "string",
    placeholder: "TASK",
    description: "Only events about this task",
  },
  {
    name: "actor",
    type: "list",
    placeholder: "ACTOR",
    description: "Only events by these, such as controller/1",
  },
  { name: "gate", type: "string", placeholder: "GATE", description: "Only events about this gate" },
  ...MOMENT_OPTIONS,
];

/**
 * The filter that the options make; `now` is the wall clock in milliseconds.
 *
 * @throws {UsageError} for a time that is none.
 */
export function eventFilter(args: CommandArguments, now: number): EventFilter {
  const kinds = args.list("kind");
  const actors = args.list("actor");
  const task = args.text("task");
  const gate = args.text("gate");
  const since = args.text("since");
  const until = args.text("until");
  return {
    ...(kinds.length > 0 && { kinds: new Set(kinds) }),
    ...(actors.length > 0 && { actors: new Set(actors) }),
    ...(task !== undefined && { task }),
    ...(gate !== undefined && { gate }),
    ...(since !== undefined && { since: momentOf("since", since, now) }),
    ...(until !== undefined && { until: momentOf("until", until, now) }),
  };
}
