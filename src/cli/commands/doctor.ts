/** `omk doctor`: whether this machine and this repository are fit for omk. */

import { ExitCode } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { checkDirectory, type StateDirectory } from "../doctor/check_files.ts";
import { checkGit } from "../doctor/check_git.ts";
import { checkClock, checkContainment, checkNesting, checkVersion } from "../doctor/check_machine.ts";
import { checkRuns, checkSlots } from "../doctor/check_runs.ts";
import { type Finding, findingOf, type Level } from "../doctor/finding.ts";
import { heldPermissions, NEEDS_ALL, PERMISSIONS } from "../needs.ts";
import { type Style, UNLIMITED_COLUMNS } from "../output.ts";
import { locate, type Place } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { COMMANDS } from "../registry.ts";
import { alignColumns, renderLines } from "../render/text.ts";
import { worktreeDirectories } from "../worktree_directories.ts";

/** See the module. */
export const doctorCommand: Command = {
  name: "doctor",
  summary: "check this machine and repository",
  usage: ["omk doctor", "omk doctor --permissions"],
  description: [
    "Looks at what omk depends on: its own build, git and the repository, the directories that it writes to (locks\n" +
    "and syncs are really tried), free space, how far processes can be contained, the clock, and what earlier runs\n" +
    "left. Each finding says what to do about it. Nothing is changed.",
    "--permissions prints what each command may do: all others are given up before it begins.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    { name: "permissions", type: "boolean", description: "Print the permissions that each command holds" },
  ],
  examples: [
    { command: "omk doctor", note: "check everything" },
    { command: "omk doctor --json | jq '.findings[] | select(.level == \"problem\")'", note: "for a script" },
    { command: "omk doctor --permissions", note: "what each command may do" },
  ],
  exitCodes: [
    { code: 0, meaning: "no problems, though perhaps warnings" },
    { code: 1, meaning: "there is a problem" },
    { code: 2, meaning: "wrong usage" },
  ],
  needs: NEEDS_ALL,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    if (args.flag("permissions")) return await printPermissions(context);
    const findings = await examine(context);
    const problems = findings.filter((each) => each.level === "problem").length;
    if (json) {
      output.json({ schema_version: 1, ok: problems === 0, findings });
    } else {
      const rows = findings.map((
        { check, level, found },
      ) => [styledLevel(level, output.style), check, found]);
      // What is wrong is told in full, however narrow the terminal is.
      const lines = await renderLines(() => alignColumns(rows, UNLIMITED_COLUMNS));
      findings.forEach(({ fix }, at) => {
        output.print(lines[at]);
        if (fix !== null) output.print(`  ${output.style.dim("do:")} ${fix}`);
      });
    }
    return problems === 0 ? ExitCode.OK : ExitCode.NOT_READY;
  },
};

async function examine(context: CommandContext): Promise<readonly Finding[]> {
  const { cwd, env } = context;
  const own = [checkVersion(), ...checkNesting(env)];
  const [git, containment] = await Promise.all([checkGit(cwd), checkContainment(env)]);
  const findings = [...own, ...git.findings, containment];
  let place: Place;
  try {
    place = await locate(context);
  } catch (error) {
    return [...findings, findingOf("state", "problem", error)];
  }
  const { home, commonDir } = place;
  const worktrees = commonDir === null ? null : worktreeDirectories(commonDir, env).usual;
  const directories: readonly StateDirectory[] = [
    { check: "state", path: home, optional: false },
    ...(worktrees === null ? [] : [{ check: "worktrees", path: worktrees, optional: true }]),
  ];
  for (const directory of directories) findings.push(...await checkDirectory(directory));
  const now = Date.now();
  const runs = await checkRuns(home, now);
  findings.push(checkClock(now, runs.newest), ...runs.findings);
  if (worktrees !== null) findings.push(...await checkSlots(worktrees));
  return findings;
}

function styledLevel(level: Level, style: Style): string {
  switch (level) {
    case "ok":
      return style.green("ok");
    case "note":
      return style.blue("note");
    case "warning":
      return style.yellow("warning");
    case "problem":
      return style.red("problem");
  }
}

async function printPermissions({ output, json }: CommandContext): Promise<number> {
  const commands = await Promise.all(COMMANDS.map(async ({ name, load }) => {
    const { needs } = await load();
    return { command: name, permissions: heldPermissions(needs ?? NEEDS_ALL) };
  }));
  if (json) {
    output.json({ schema_version: 1, commands });
    return ExitCode.OK;
  }
  const heading = ["COMMAND", ...PERMISSIONS];
  const rows = commands.map(({ command, permissions }) => [
    command,
    ...PERMISSIONS.map((permission) => permissions.includes(permission) ? permission : "-"),
  ]);
  await printLines(output, (_, columns) => alignColumns([heading, ...rows], columns));
  output.print();
  output.print("No command reaches the network, loads native code or asks for information about the system.");
  output.print(
    "Programs that a task or a gate starts are bound by none of this: they may do what you may do.",
  );
  return ExitCode.OK;
}
