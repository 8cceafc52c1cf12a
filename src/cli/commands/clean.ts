/** `omk clean`: remove old runs and worktrees, and lose nothing. */

import { ExitCode, UsageError } from "../../errors.ts";
import { durationSecs } from "../../plan/duration.ts";
import { findRun, listRunIds } from "../../run/find_run.ts";
import { askYesNo } from "../ask.ts";
import { carryOut, type Removal } from "../clean/carry_out.ts";
import { chooseRuns } from "../clean/choose_runs.ts";
import { chooseSlots } from "../clean/choose_slots.ts";
import { type CleanPlan, type CleanQuery, isEmpty } from "../clean/clean_plan.ts";
import { findLeftovers } from "../clean/leftovers.ts";
import type { Command, CommandContext } from "../command.ts";
import { NEEDS_ALL } from "../needs.ts";
import { locate, type Place } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { cleanPlanLines } from "../render/clean_plan_lines.ts";
import { counted } from "../render/text.ts";
import { existingDirectories, worktreeDirectories } from "../worktree_directories.ts";

/** The age of runs that are removed where the user does not say it. */
const DEFAULT_KEEP = "30d";

/** See the module. */
export const cleanCommand: Command = {
  name: "clean",
  summary: "remove old runs and worktrees, and lose nothing",
  usage: ["omk clean", "omk clean RUN…"],
  description: [
    `Removes finished runs that ended longer ago than --keep (default ${DEFAULT_KEEP}), or those that are named: their files,\n` +
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
      description: `Keep younger runs: 30d, 12h, 0d (default: ${DEFAULT_KEEP})`,
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
    const failed = removals.filter((each) => !each.removed).length;
    if (json) output.json({ schema_version: 1, dry_run: !isAgreed, ...plan, removals });
    else if (isAgreed) output.print(`Removed ${counted(removals.length - failed, "thing")}`);
    else if (!isEmpty(plan) && !isDry) {
      output.note(
        interactive ? "Nothing was removed" : "Nothing was removed: add --yes to do it without being asked",
      );
    }
    return failed === 0 ? ExitCode.OK : ExitCode.NOT_READY;
  },
};

async function makePlan(context: CommandContext, { home, commonDir }: Place): Promise<CleanPlan> {
  const { args, cwd, env } = context;
  const now = Date.now();
  const named = args.positionals;
  const runIds = await Promise.all(named.map(async (text) => (await findRun(home, text)).runId));
  const query: CleanQuery = {
    runIds: named.length === 0 ? null : [...new Set(runIds)],
    keepMs: keepMs(args.text("keep") ?? DEFAULT_KEEP),
    slots: args.flag("slots"),
    discard: args.flag("discard"),
  };
  const runs = await chooseRuns(home, commonDir, query, now);
  const chosen = args.text("worktree-dir");
  const directories = commonDir === null ? [] : slotDirectories(commonDir, env, chosen, cwd);
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

function slotDirectories(
  commonDir: string,
  env: Readonly<Record<string, string>>,
  chosen: string | undefined,
  cwd: string,
): readonly string[] {
  const { usual, fallback } = worktreeDirectories(commonDir, env);
  const extra = chosen === undefined ? null : chosen.startsWith("/") ? chosen : `${cwd}/${chosen}`;
  // A chosen directory is shared by repositories: each has one of its own name in it.
  const inChosen = extra === null || usual === null ? null : `${extra}${usual.slice(usual.lastIndexOf("/"))}`;
  return [usual, fallback, inChosen].filter((path) => path !== null);
}

function keepMs(text: string): number {
  const secs = text === "0" ? 0 : durationSecs(text);
  if (secs !== undefined) return secs * 1000;
  throw new UsageError({
    what: "Option --keep needs an age",
    why: `"${text}" is none`,
    fix: "give one such as 30d, 12h or 0d",
  });
}
