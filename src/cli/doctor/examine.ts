/** Everything that `omk doctor` looks at, one part of the surroundings after the other. */

import { systemClock } from "../../clock.ts";
import { durationSecs } from "../../plan/duration.ts";
import type { CommandContext } from "../command.ts";
import type { Config } from "../config/config.ts";
import { KEEP } from "../config/settings.ts";
import { findRepository, locate } from "../place.ts";
import {
  allWorktreeDirectories,
  chosenWorktreeDirectory,
  existingDirectories,
  worktreeDirectories,
} from "../worktree_directories.ts";
import { AGENTS } from "../config/agents.ts";
import { checkAgents } from "./check_agents.ts";
import { checkConfig, type SettingRow, settingRows } from "./check_config.ts";
import { checkContainment } from "./check_containment.ts";
import { checkDirectory, type StateDirectory } from "./check_directory.ts";
import { checkGit } from "./check_git.ts";
import { checkClock, checkNesting, checkTerminal, checkVersion, readClocks } from "./check_machine.ts";
import { checkPlan } from "./check_plan.ts";
import { checkRuns, checkSlots } from "./check_runs.ts";
import { type Area, type Finding, findingOf } from "./finding.ts";

/** What was found, and what holds of each setting. */
export interface Examination {
  readonly areas: readonly Area[];
  readonly settings: readonly SettingRow[];
}

/** Looks at everything. Never throws for what it looks at. */
export async function examine(context: CommandContext): Promise<Examination> {
  const { cwd, env, output } = context;
  const before = readClocks(systemClock);
  const { config, findings: ofConfig } = await checkConfig(context);
  const git = await guarded("git", () => checkGit(cwd, env), (findings) => ({ findings, repository: null }));
  const { repository } = git;
  const plan = await guarded(
    "plan",
    () => checkPlan({ directory: repository?.root ?? cwd, env, repository, config }),
    (findings) => ({ findings, settings: null }),
  );
  const containment = await checkContainment(env);
  const agents = await guarded(
    "agents",
    () => checkAgents({ env, cwd, agents: config.value(AGENTS) ?? {} }),
    (findings) => findings,
  );
  const { storage, runs, newest } = await guarded(
    "state",
    () => examinePlace({ ...context, config }, repository !== null),
    (findings) => ({ storage: findings, runs: [], newest: null }),
  );
  const clock = checkClock({ before, now: readClocks(systemClock), newest });
  const machine = [
    checkVersion(),
    ...checkNesting(env),
    checkTerminal(output, env),
    ...containment,
    ...clock,
  ];
  const areas = [
    { title: "Machine", findings: machine },
    { title: "Git", findings: git.findings },
    { title: "Storage", findings: storage },
    { title: "Runs", findings: runs },
    { title: "Agents", findings: agents },
    { title: "Plan", findings: plan.findings },
    { title: "Configuration", findings: ofConfig },
  ];
  return {
    areas: areas.filter((area) => area.findings.length > 0),
    settings: settingRows(config, plan.settings),
  };
}

/** What `look` finds; what it throws becomes a finding, so that one broken thing does not hide the others. */
async function guarded<T>(
  check: string,
  look: () => Promise<T>,
  instead: (findings: readonly Finding[]) => T,
): Promise<T> {
  try {
    return await look();
  } catch (error) {
    return instead([findingOf(check, "error", error)]);
  }
}

/** Looks at the configuration and at what the plan says of the settings, and at nothing else. */
export async function examineConfig(context: CommandContext): Promise<Examination> {
  const { config, findings } = await checkConfig(context);
  const root = (await findRepository(context.cwd))?.root;
  const plan = await checkPlan({
    directory: root ?? context.cwd,
    env: context.env,
    repository: null,
    config,
  });
  return {
    areas: [{ title: "Configuration", findings }],
    settings: settingRows(config, plan.settings),
  };
}

/** What was found of a place. */
interface PlaceFindings {
  readonly storage: readonly Finding[];
  readonly runs: readonly Finding[];
  /** When the newest run was last seen, milliseconds; null where there is none. */
  readonly newest: number | null;
}

/** The directories that omk writes to here, and what earlier runs left. */
async function examinePlace(context: CommandContext, hasGit: boolean): Promise<PlaceFindings> {
  const { home, commonDir } = await locate(context);
  const directories = directoriesOf(home, commonDir, context);
  const storage = (await Promise.all(directories.map((each) => checkDirectory(each)))).flat();
  const question = {
    home,
    commonDir: hasGit ? commonDir : null,
    now: Date.now(),
    keep: keepOf(context.config),
  };
  const { runs, newest } = await guarded(
    "runs",
    async () => {
      const { findings, newest } = await checkRuns(question);
      return { runs: findings, newest };
    },
    (runs) => ({ runs, newest: null }),
  );
  const withSlots = commonDir === null ? [] : allWorktreeDirectories(commonDir, context);
  const slots = await guarded(
    "slots",
    async () => (await Promise.all((await existingDirectories(withSlots)).map(checkSlots))).flat(),
    // That the directory cannot be read is an error of the storage already.
    (findings) => findings.map((each) => ({ ...each, level: "warning" as const })),
  );
  return { storage, runs: [...runs, ...slots], newest };
}

function directoriesOf(
  home: string,
  commonDir: string | null,
  context: CommandContext,
): readonly StateDirectory[] {
  const state: StateDirectory = { check: "state", path: home, optional: false };
  if (commonDir === null) return [state];
  const chosen = chosenWorktreeDirectory(context);
  if (chosen !== undefined) return [state, { check: "worktrees", path: chosen, optional: false }];
  const { usual } = worktreeDirectories(commonDir, context.env);
  return usual === null ? [state] : [state, { check: "worktrees", path: usual, optional: true }];
}

function keepOf(config: Config): { readonly ms: number; readonly text: string } {
  const text = config.value(KEEP) ?? KEEP.fallbackText;
  return { ms: (durationSecs(text) ?? 0) * 1000, text };
}
