/** `omk list`: all runs of a place. */

import { ExitCode, UsageError } from "../../errors.ts";
import { runDirectory } from "../../run/directory.ts";
import { listRunIds } from "../../run/find_run.ts";
import type { Command, CommandArguments, CommandContext } from "../command.ts";
import { glanceAtRun, type RunGlance } from "../glance.ts";
import { MOMENT_OPTIONS, momentOf } from "../moment.ts";
import { NEEDS_READ } from "../needs.ts";
import { locate } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { runTable } from "../render/run_table.ts";
import { counted } from "../render/text.ts";

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
    {
      name: "name",
      type: "string",
      placeholder: "TEXT",
      description: "Only runs whose name holds this text, in upper or lower case",
    },
    ...MOMENT_OPTIONS,
    { name: "limit", short: "n", type: "number", placeholder: "N", description: "At most so many runs" },
  ],
  examples: [
    { command: "omk list", note: "all runs" },
    { command: "omk list --limit 5", note: "the newest five" },
    { command: "omk list --status running,interrupted", note: "what is not finished" },
    { command: "omk list --since 7d --name release", note: "last week's runs of a plan" },
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
    const isMeant = runFilter(args, now);
    const runs: RunGlance[] = [];
    for (let at = 0; at < ids.length && runs.length < limit; at += BATCH) {
      const batch = ids.slice(at, at + BATCH).map((id) => glanceAtRun(runDirectory(home, id), now));
      const found = await Promise.all(batch);
      runs.push(...found.filter(isMeant));
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
      output.note(`None of ${counted(ids.length, "run")} is what was asked for`);
    }
    return ExitCode.OK;
  },
};

/** Whether a run is one that the options ask for; what cannot be read has neither name nor time. */
function runFilter(args: CommandArguments, now: number): (run: RunGlance) => boolean {
  const standings = args.list("status");
  const name = args.text("name")?.toLowerCase();
  const [since, until] = (["since", "until"] as const).map((option) => {
    const text = args.text(option);
    return text === undefined ? undefined : momentOf(option, text, now);
  });
  return (run) => {
    const started = run.started_at === null ? Number.NaN : Date.parse(run.started_at);
    return (standings.length === 0 || standings.includes(run.standing)) &&
      (name === undefined || run.name.toLowerCase().includes(name)) &&
      (since === undefined || started >= since) && (until === undefined || started <= until);
  };
}

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
