/** `omk list`: all runs of a place. */

import { ExitCode, UsageError } from "../../errors.ts";
import { runDirectory } from "../../run/directory.ts";
import { listRunIds } from "../../run/find_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { glanceAtRun, type RunGlance } from "../glance.ts";
import { NEEDS_READ } from "../needs.ts";
import { locate } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { runTable } from "../render/run_table.ts";

/** Runs that are looked at side by side. */
const BATCH = 16;

/** Every word that the list has for how a run stands. */
const STANDINGS: readonly string[] = [
  "running",
  "paused",
  "interrupted",
  "ready",
  "passed",
  "not_ready",
  "blocked_on_human",
  "blocked_on_external",
  "needs_more_budget",
  "failed_infra",
  "cancelled",
  "unreadable",
];

/** See the module. */
export const listCommand: Command = {
  name: "list",
  summary: "list the runs",
  usage: ["omk list"],
  description: [
    "Lists the runs of this repository (of this directory, outside of one), the newest first: id, how it stands,\n" +
    "completed tasks of all, age, duration, name. It looks only at the ends of logs and at proofs, so it stays fast;\n" +
    "omk status and omk verify look at all of a run.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    {
      name: "status",
      type: "list",
      placeholder: "STATUS",
      description: "Only runs that stand so; may be repeated, or split at commas",
    },
    { name: "limit", short: "n", type: "number", placeholder: "N", description: "At most so many runs" },
  ],
  examples: [
    { command: "omk list", note: "all runs" },
    { command: "omk list --limit 5", note: "the newest five" },
    { command: "omk list --status running,interrupted", note: "what is not finished" },
    { command: "omk list --json | jq -r '.runs[] | select(.merged | not) | .run_id'", note: "for scripts" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const wanted = args.list("status");
    await checkStandings(wanted);
    const { home } = await locate(context);
    const limit = args.number("limit") ?? Infinity;
    const now = Date.now();
    const ids = (await listRunIds(home)).toReversed();
    const runs: RunGlance[] = [];
    for (let at = 0; at < ids.length && runs.length < limit; at += BATCH) {
      const batch = ids.slice(at, at + BATCH).map((id) => glanceAtRun(runDirectory(home, id), now));
      const found = await Promise.all(batch);
      runs.push(...found.filter((run) => wanted.length === 0 || wanted.includes(run.standing)));
    }
    const shown = runs.slice(0, limit);
    if (json) {
      output.json({ schema_version: 1, home, runs: shown });
      return ExitCode.OK;
    }
    await printLines(output, (style, columns) => runTable(shown, style, columns, now));
    for (const run of shown) {
      if (run.error !== null) {
        output.note(`${output.errorStyle.yellow("warning:")} run ${run.run_id}: ${run.error}`);
      }
    }
    if (ids.length === 0) output.note("No runs here yet; start one with omk run");
    else if (shown.length === 0 && limit > 0) {
      output.note(`None of ${ids.length} runs is ${wanted.join(" or ")}`);
    }
    return ExitCode.OK;
  },
};

async function checkStandings(words: readonly string[]): Promise<void> {
  const unknown = words.find((word) => !STANDINGS.includes(word));
  if (unknown === undefined) return;
  const { nearest } = await import("../../plan/nearest.ts");
  const guess = nearest(unknown, STANDINGS);
  const hint = guess === undefined ? "" : `, did you mean ${guess}?`;
  throw new UsageError({
    what: "Option --status has an unknown value",
    why: `"${unknown}" is none of ${STANDINGS.join(", ")}${hint}`,
    fix: "see omk list --help",
  });
}
