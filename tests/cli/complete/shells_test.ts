/** The completion scripts in the shells that they are for, with omk as it is called by a user. */

import { assert, assertEquals } from "@std/assert";
import { call, quoted } from "../../e2e/call.ts";
import { program } from "../../e2e/harness.ts";
import { PlainPlace, recordRun, storyPlan } from "../fixture.ts";

const RUN = "20261120-235000-abcd";

/** A place with one run, whose gate has a name with a space and a colon, and omk on the PATH. */
class ShellPlace implements AsyncDisposable {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly root: string;
  readonly #place: PlainPlace;

  private constructor(place: PlainPlace) {
    this.#place = place;
    this.root = place.root;
    this.cwd = place.cwd;
    this.env = {
      ...place.env,
      PATH: `${place.root}/bin:${place.env.PATH}`,
      DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
      LANG: "C.UTF-8",
      TERM: "xterm",
    };
  }

  static async make(): Promise<ShellPlace> {
    const place = await PlainPlace.make();
    const plan = storyPlan();
    const gates = plan.gates?.map((gate) => ({ ...gate, name: "unit: fast" })) ?? [];
    await recordRun(place.home, RUN, { ...plan, gates }, []);
    await Deno.writeTextFile(`${place.cwd}/notes.txt`, "");
    await Deno.mkdir(`${place.root}/bin`);
    const { command, args } = program();
    const words = [command, ...args].map(quoted).join(" ");
    await Deno.writeTextFile(`${place.root}/bin/omk`, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    return new ShellPlace(place);
  }

  /** Runs a script of a shell, which finds its completion script in `$SCRIPT`. */
  async run(shell: string, options: readonly string[], script: string): Promise<string> {
    const { stdout: completions } = await this.call("omk", ["completions", shell]);
    await Deno.writeTextFile(`${this.root}/_omk`, completions);
    await Deno.writeTextFile(`${this.root}/script`, script);
    const { stdout, stderr } = await this.call(shell, [...options, `${this.root}/script`]);
    assertEquals(stderr, "");
    return stdout;
  }

  async call(command: string, args: readonly string[]) {
    const path = `${this.root}/bin/${command}`;
    const env = { ...this.env, SCRIPT: `${this.root}/_omk`, OUT: `${this.root}/out` };
    return await call(command === "omk" ? path : command, args, { cwd: this.cwd, env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#place[Symbol.asyncDispose]();
  }
}

function isInstalled(shell: string): boolean {
  try {
    return new Deno.Command(shell, { args: ["-c", "true"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test({
  name: "the script for bash completes commands, values with spaces and colons, and files",
  ignore: !isInstalled("bash"),
  async fn() {
    await using place = await ShellPlace.make();
    const lines = [
      "omk sho",
      "omk logs --gate u",
      "omk logs --gate unit:",
      "omk show latest b",
      "omk run no",
      "omk x ",
    ];
    const stdout = await place.run(
      "bash",
      ["--norc"],
      `compopt() { chosen=$*; }
. "$SCRIPT"
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
try() { COMP_LINE=$1 COMP_POINT=\${#1} chosen=; _omk omk; printf '%s|' "\${COMPREPLY[@]}" "$chosen"; echo; }
${lines.map((line) => `try ${quoted(line)}`).join("\n")}
complete -p omk\n`,
    );
    assertEquals(stdout.split("\n"), [
      "show||",
      "unit:\\ fast||",
      "\\ fast||",
      "build||",
      "-o default|",
      "|",
      "complete -F _omk omk",
      "",
    ]);
  },
});

Deno.test({
  name: "the script for fish completes commands with descriptions, values with spaces and colons, and files",
  ignore: !isInstalled("fish"),
  async fn() {
    await using place = await ShellPlace.make();
    const lines = [
      "omk sho",
      "omk logs --gate u",
      "omk logs --gate 'unit",
      "omk run no",
      "omk schema --file=n",
      "omk x ",
    ];
    const stdout = await place.run(
      "fish",
      ["--no-config"],
      `source $SCRIPT\n${lines.map((line) => `complete -C ${fishQuoted(line)}; echo ==`).join("\n")}\n`,
    );
    assertEquals(stdout.split("==\n"), [
      "show\tshow a run or one of its tasks in full\n",
      "unit: fast\n",
      "unit: fast\n",
      "notes.txt\n",
      "--file=notes.txt\n",
      "",
      "",
    ]);
  },
});

Deno.test({
  name: "the script for zsh puts what was completed on the command line, quoted",
  ignore: !isInstalled("zsh"),
  async fn() {
    await using place = await ShellPlace.make();
    const lines = [
      "omk sho",
      "omk logs --gate u",
      "omk logs --gate 'u",
      "omk show latest b",
      "omk run no",
      "omk schema --file=n",
    ];
    // A shell of its own on a terminal; Ctrl-X Ctrl-B writes what stands on its command line, Ctrl-X Ctrl-E ends it.
    const stdout = await place.run(
      "zsh",
      ["-f"],
      `zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner 'PS1=; autoload -U compinit; compinit -u -D; source $SCRIPT
show() { print -r -- "$BUFFER" >> $OUT; BUFFER=; }; zle -N show; bindkey "^X^B" show; print ready > $OUT.ready'
until [[ -s $OUT.ready ]]; do sleep 0.02; done
count=0
for line in ${lines.map(quoted).join(" ")}; do
  zpty -w -n inner "$line"$'\\t\\030\\002'
  (( count++ ))
  until [[ -e $OUT ]] && (( $(wc -l < $OUT) >= count )); do sleep 0.02; done
done
zpty -d inner
cat $OUT
`,
    );
    assertEquals(stdout.split("\n"), [
      "omk show ",
      "omk logs --gate unit:\\ fast ",
      "omk logs --gate 'unit: fast' ",
      "omk show latest build ",
      "omk run notes.txt ",
      "omk schema --file=notes.txt ",
      "",
    ]);
  },
});

Deno.test("omk __complete says nothing where nothing can be known, and never fails", async () => {
  await using place = await ShellPlace.make();
  await Deno.writeTextFile(`${place.cwd}/omk.jsonc`, '{ "tasks": 3, ');
  for (
    const args of [[], ["bash"], ["nonsense"], ["zsh", "=", "run", "--only"], ["bash", "omk 'run --only "]]
  ) {
    const { code, stdout, stderr } = await place.call("omk", ["__complete", ...args]);
    assertEquals([code, stderr], [0, ""], args.join(" "));
    assert(stdout === "" || stdout.startsWith("words\n"), stdout);
  }
  const { stdout } = await place.call("omk", ["--help"]);
  assert(!stdout.includes("__complete"));
});

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
