/** `omk doctor`: whether this machine and this repository are fit for omk. */

import { ExitCode } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { examine, examineConfig } from "../doctor/examine.ts";
import { heldPermissions, NEEDS_ALL, PERMISSIONS } from "../needs.ts";
import { printLines } from "../print_lines.ts";
import { COMMANDS } from "../registry.ts";
import { areaLines, settingLines, verdictLine } from "../render/doctor_lines.ts";
import { alignColumns, renderLines } from "../render/text.ts";

/** See the module. */
export const doctorCommand: Command = {
  name: "doctor",
  summary: "check machine, repository and configuration",
  usage: ["omk doctor", "omk doctor --config", "omk doctor --permissions"],
  description: [
    "Looks at what omk depends on: its own build, how far processes can be contained, the clock, git and the\n" +
    "repository, the directories that it writes to (locks and syncs are really tried), what earlier runs left, the plan\n" +
    "and what its gates call, and the configuration. Each finding says why it matters and what to do about it, and each\n" +
    "setting who said it. Nothing is changed.",
    "It works where nothing else does: outside a repository, without a home directory, with a bad configuration.",
    "--permissions prints what each command may do: all others are given up before it begins.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    {
      name: "config",
      type: "boolean",
      description: "Look only at the configuration: the settings, and who said each",
    },
    { name: "permissions", type: "boolean", description: "Print the permissions that each command holds" },
  ],
  examples: [
    { command: "omk doctor", note: "check everything" },
    { command: "omk doctor --config", note: "which settings hold here, and why" },
    { command: "omk doctor --json | jq '.findings[] | select(.level == \"error\")'", note: "for a script" },
    { command: "omk doctor --permissions", note: "what each command may do" },
  ],
  exitCodes: [
    { code: 0, meaning: "runs can start, though perhaps with warnings" },
    { code: 1, meaning: "something keeps runs from starting" },
    { code: 2, meaning: "wrong usage" },
  ],
  needs: NEEDS_ALL,
  toleratesBadConfig: true,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    if (args.flag("permissions")) return await printPermissions(context);
    const isAll = !args.flag("config");
    const { areas, settings } = isAll ? await examine(context) : await examineConfig(context);
    const findings = areas.flatMap((area) =>
      area.findings.map((each) => ({ area: area.title.toLowerCase(), ...each }))
    );
    const ok = findings.every((each) => each.level !== "error");
    if (json) {
      const documented = settings.map(({ text: _, ...row }) => row);
      output.json({ schema_version: 1, ok, findings, settings: documented });
    } else {
      const { style } = output;
      const lines = await renderLines(() => [...areaLines(areas, style), ...settingLines(settings, style)]);
      for (const line of lines) output.print(line);
      if (isAll) output.print(`\n${verdictLine(areas, style)}`);
    }
    return ok ? ExitCode.OK : ExitCode.NOT_READY;
  },
};

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
