/** `omk completions`: scripts by which shells complete command lines of omk. */

import { ExitCode } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { BASH_SCRIPT } from "../complete/scripts/bash.ts";
import { FISH_SCRIPT } from "../complete/scripts/fish.ts";
import { POWERSHELL_SCRIPT } from "../complete/scripts/powershell.ts";
import { ZSH_SCRIPT } from "../complete/scripts/zsh.ts";
import { NEEDS_READ } from "../needs.ts";

const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ["bash", BASH_SCRIPT],
  ["zsh", ZSH_SCRIPT],
  ["fish", FISH_SCRIPT],
  ["powershell", POWERSHELL_SCRIPT],
]);

/** See the module. */
export const completionsCommand: Command = {
  name: "completions",
  summary: "print the completion script of a shell",
  usage: [`omk completions SHELL`],
  description: [
    "SHELL is bash (4 or later), zsh, fish or powershell. The script completes commands, options and their values, " +
    "and also run ids, tasks, gates and branches, for which it asks omk each time. It stays right when omk is " +
    "replaced by a newer version.",
    "The examples install it for good. In zsh the directory must be in fpath before compinit is called. To try it " +
    "first: source <(omk completions bash), the same with zsh, or omk completions fish | source.",
  ],
  positionals: { min: 1, max: 1, choices: [...SCRIPTS.keys()] },
  options: [],
  examples: [
    { command: "omk completions bash >> ~/.bashrc", note: "bash" },
    { command: 'omk completions zsh > "${fpath[1]}/_omk"', note: "zsh, into the first directory of fpath" },
    { command: "omk completions fish > ~/.config/fish/completions/omk.fish", note: "fish" },
    { command: "omk completions powershell >> $PROFILE", note: "PowerShell" },
  ],
  needs: NEEDS_READ,
  toleratesBadConfig: true,
  run({ args, output, json }: CommandContext): Promise<number> {
    const [shell = ""] = args.positionals;
    const script = SCRIPTS.get(shell) ?? "";
    if (json) output.json({ schema_version: 1, shell, script });
    else output.write(script);
    return Promise.resolve(ExitCode.OK);
  },
};
