/** `omk clean`: remove old runs and worktrees, and lose nothing. */

import { ExitCode } from "../../errors.ts";
import { durationSecs } from "../../plan/duration.ts";
import { findRun, listRunIds } from "../../run/find_run.ts";
import { askYesNo } from "../ask.ts";
import { carryOut, type Removal } from "../clean/carry_out.ts";
import { chooseRuns } from "../clean/choose_runs.ts";
import { chooseSlots } from "../clean/choose_slots.ts";
import { type CleanPlan, type CleanQuery, isEmpty } from "../clean/clean_plan.ts";
import { findLeftovers } from "../clean/leftovers.ts";
import type { Command, CommandContext } from "../command.ts";
import { KEEP } from "../config/settings.ts";
import { NEEDS_ALL } from "../needs.ts";
import { locate, type Place } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { cleanPlanLines } from "../render/clean_plan_lines.ts";
import { counted } from "../render/text.ts";
import { allWorktreeDirectories, existingDirectories } from "../worktree_directories.ts";

/** See the module. */
export const cleanCommand: Command = {
  name: "clean",
  summary: "remove old runs and worktrees, and lose nothing",
  usage: ["omk clean", "omk clean RUN…"],
  description: [
    `Removes finished runs that ended longer ago than --keep (default ${KEEP.fallbackText}), or those that are named: their files,\n` +
    "and in git their refs under refs/omk, with the attempts that were pinned there. With --slots it also removes free\n" +
    "worktrees, which omk would make again.",
    "It keeps what is nowhere else: runs that are running, interrupted, damaged, or whose result is on no branch, and\n" +
    "worktrees that were set aside or hold work. --discard removes these too; only what a process works in stays.",
    "On a terminal it asks first. Elsewhere it only reports, unless --yes is given.",
  ],
  positionals: { min: 0, max: 1000 },
  options: [
    {
      name: "keep",
      type: "string",
      placeholder: "AGE",
      description: `Keep younger runs: 30d, 12h, 0d (default: ${KEEP.fallbackText})`,
    },
    { name: "slots", type: "boolean", description: "Remove free worktrees too" },
    { name: "discard", type: "boolean", description: "Remove also what is nowhere else" },
    { name: "dry-run", short: "n", type: "boolean", description: "Only say what would be removed" },
    { name: "yes", short: "y", type: "boolean", description: "Do not ask" },
    {
      name: "worktree-dir",
      type: "string",
      placeholder: "DIR",
      description: "Look at worktrees in this directory too",
    },
  ],
  examples: [
    { command: "omk clean --dry-run", note: "see what would go" },
    { command: "omk clean --keep 7d --slots --yes", note: "in a nightly job" },
    { command: "omk clean 20261120-2350", note: "one run" },
    { command: "omk clean --discard --dry-run", note: "see what only omk still has" },
  ],
  exitCodes: [
    { code: 0, meaning: "done, or nothing to do, or only reported" },
    { code: 1, meaning: "something could not be removed" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "omk or the machine failed" },
  ],
  needs: NEEDS_ALL,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json, interactive, cwd, env } = context;
    const place = await locate(context);
    const plan = await makePlan(context, place);
    const isDry = args.flag("dry-run");
    const isSure = args.flag("yes");
    if (!json) await printLines(output, (style) => cleanPlanLines(plan, style));
    const isAgreed = !isEmpty(plan) && !isDry &&
      (isSure || (interactive && askYesNo(output, "Remove all this?")));
    const removals: Removal[] = [];
    if (isAgreed) {
      for await (
        const removal of carryOut(plan, { home: place.home, commonDir: place.commonDir, cwd, env })
      ) {
        removals.push(removal);
        if (!removal.removed) output.note(`kept ${removal.kind} ${removal.name}: ${removal.detail}`);
      }
    }
    const gone = removals.filter(({ kind, removed }) => kind === "run" && removed).map(({ name }) => name);
    if (gone.length > 0) {
      const { forgetRuns } = await import("../run_index.ts");
      await forgetRuns(place.home, gone, output);
    }
    const failed = removals.filter((each) => !each.removed).length;
    if (json) output.json({ schema_version: 1, dry_run: !isAgreed, ...documentOf(plan), removals });
    else if (isAgreed) output.print(`Removed ${counted(removals.length - failed, "thing")}`);
    else if (!isEmpty(plan) && !isDry) {
      output.note(
        interactive ? "Nothing was removed" : "Nothing was removed: add --yes to do it without being asked",
      );
    }
    return failed === 0 ? ExitCode.OK : ExitCode.NOT_READY;
  },
};

/** The plan as programs get it. */
function documentOf({ runs, slots, leftovers, kept }: CleanPlan): Readonly<Record<string, unknown>> {
  return {
    runs: runs.map(({ runId, standing, ended_at, loses }) => ({ run_id: runId, standing, ended_at, loses })),
    slots: slots.map(({ directory, name, state, runId, loses }) => ({
      directory,
      name,
      state,
      run_id: runId,
      loses,
    })),
    leftovers,
    kept,
  };
}

async function makePlan(context: CommandContext, { home, commonDir }: Place): Promise<CleanPlan> {
  const { args, config } = context;
  const now = Date.now();
  const named = args.positionals;
  const runIds = await Promise.all(named.map(async (text) => (await findRun(home, text)).runId));
  const query: CleanQuery = {
    runIds: named.length === 0 ? null : [...new Set(runIds)],
    keepMs: keepMs(config.value(KEEP) ?? KEEP.fallbackText),
    slots: args.flag("slots"),
    discard: args.flag("discard"),
  };
  const runs = await chooseRuns(home, commonDir, query, now);
  const directories = commonDir === null ? [] : allWorktreeDirectories(commonDir, context);
  const removed = new Set(runs.remove.map((run) => run.runId));
  const known = new Set(await listRunIds(home));
  const slots = await chooseSlots(await existingDirectories(directories), query, removed, known);
  return {
    runs: runs.remove,
    slots: slots.remove,
    leftovers: query.runIds === null ? await findLeftovers(home, now) : [],
    kept: [...runs.kept, ...slots.kept],
  };
}

function keepMs(age: string): number {
  return (durationSecs(age) ?? 0) * 1000;
}
