/** The options that choose events, and the filter that they make. */

import { UsageError } from "../errors.ts";
import type { EventFilter } from "../log/event_filter.ts";
import { durationSecs } from "../plan/duration.ts";
import type { CommandArguments, OptionSpec } from "./command.ts";

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
  {
    name: "since",
    type: "string",
    placeholder: "TIME",
    description: "From this time on: 2026-11-20T23:50 (UTC), or 10m for ten minutes ago",
  },
  { name: "until", type: "string", placeholder: "TIME", description: "Up to this time" },
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

/** A moment in milliseconds since 1970, from a time or from how long ago it was. A time without a zone is UTC. */
function momentOf(option: string, text: string, now: number): number {
  const ago = durationSecs(text);
  if (ago !== undefined) return now - ago * 1000;
  const hasTime = /^\d{4}-\d\d-\d\d[T ]/.test(text);
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text);
  const moment = Date.parse(hasTime && !hasZone ? `${text}Z` : text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(moment)) return moment;
  throw new UsageError({
    what: `Option --${option} needs a time`,
    why: `"${text}" is none`,
    fix: "give one such as 2026-11-20T23:50, 2026-11-20, or 10m for ten minutes ago",
  });
}
