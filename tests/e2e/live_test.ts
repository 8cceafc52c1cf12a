/** The live view on a real terminal: what stays in the scroll-back, resizing, and interrupts. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { appears, eventually } from "./call.ts";
import { Sandbox } from "./harness.ts";

const hasTmux = await isInstalled();

async function isInstalled(): Promise<boolean> {
  try {
    return (await new Deno.Command("tmux", { args: ["-V"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A terminal with a shell in it, on a server of its own. */
class Terminal implements AsyncDisposable {
  readonly #socket = `omk-${crypto.randomUUID().slice(0, 8)}`;
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** Opens it with a size, and runs a command in it that says its exit code. */
  async run(columns: number, rows: number, command: string): Promise<void> {
    const size = ["-x", String(columns), "-y", String(rows)];
    // The shell lives on after an interrupt, to say the exit code.
    const script = `trap : INT; ${command}; echo "exit code $?"; exec cat`;
    await this.#tmux("-f", "/dev/null", "new-session", "-d", ...size, "sh", "-c", script);
  }

  /** What it shows; with `all` what has scrolled away too. */
  async text(all = false): Promise<string> {
    return await this.#tmux("capture-pane", "-p", ...(all ? ["-S", "-"] : []));
  }

  /** Resolves with what it shows once that matches. */
  async shows(pattern: RegExp): Promise<string> {
    return await eventually(`the terminal to show ${pattern}`, async () => {
      const text = await this.text();
      return pattern.test(text) ? text : undefined;
    });
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  async isCursorShown(): Promise<boolean> {
    return (await this.#tmux("display-message", "-p", "#{cursor_flag}")).trim() === "1";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { PATH = "" } = this.#sandbox.env;
    const { code, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-L", this.#socket, ...args],
      cwd: this.#sandbox.project,
      env: { ...this.#sandbox.env, PATH: `${PATH}:/usr/bin:/bin`, TERM: "xterm-256color", NO_COLOR: "1" },
      stdin: "null",
    }).output();
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}

/** A task that prints what it does, and goes on until `go` exists. */
function waits(sandbox: Sandbox, id: string): { readonly id: string; readonly run: string } {
  const go = `${sandbox.root}/go`;
  return {
    id,
    run: `echo "working on ${id}"; while [ ! -e ${go} ]; do sleep 0.05; done; echo ${id} > ${id}.txt`,
  };
}

for (const [columns, rows] of [[80, 24], [40, 10]] as const) {
  Deno.test({
    name:
      `the live view at ${columns}×${rows} shows what is at work, follows resizing, and leaves nothing behind`,
    ignore: !hasTmux,
    async fn() {
      await using sandbox = await Sandbox.withRepository();
      await sandbox.plan({
        version: 1,
        gates: [{ name: "look", command: "ls > /dev/null" }],
        tasks: [waits(sandbox, "one"), waits(sandbox, "two"), { id: "bad", run: "echo broken; exit 3" }],
      });
      await using terminal = new Terminal(sandbox);
      await terminal.run(columns, rows, sandbox.omkCommand("run"));
      await terminal.shows(/ one +.*working on one[\s\S]* two +.*working/);
      await terminal.shows(/running {2}0 of 3 done {2}1 failed/);
      if (columns === 40) {
        await terminal.resize(100, 30);
        await terminal.shows(/running {2}0 of 3 done {2}1 failed .*20\d{6}-/);
        await terminal.resize(40, 10);
        await terminal.shows(/^running {2}0 of 3 done {2}1 failed {2}[0-9.ms ]+$/m);
      }
      await Deno.writeTextFile(`${sandbox.root}/go`, "");
      await terminal.shows(/exit code 1/);
      const all = await terminal.text(true);
      // A multiplexer that wraps lines before it tells of its new width can leave a piece of an old picture.
      if (columns === 80) assertEquals(/^running/m.test(all), false, all);
      for (
        const line of [
          "done    one in",
          "failed  bad: exited with 3",
          "  | broken",
          "not_ready: 2 of 3 tasks",
        ]
      ) {
        assertEquals(all.split(line).length, 2, `"${line}" once in:\n${all}`);
      }
      assert(await terminal.isCursorShown());
    },
  });
}

Deno.test({
  name:
    "P6: Ctrl-C in a terminal ends the run with its work kept, a second one at once, and the screen is clean",
  ignore: !hasTmux,
  async fn() {
    await using sandbox = await Sandbox.withRepository();
    const stubborn =
      `trap '' TERM; echo kept > kept.txt; touch ${sandbox.root}/runs; while :; do sleep 0.05; done`;
    await sandbox.plan({
      version: 1,
      gates: [],
      tasks: [waits(sandbox, "soft"), { id: "hard", run: stubborn }],
    });
    await using terminal = new Terminal(sandbox);
    await terminal.run(80, 24, sandbox.omkCommand("run"));
    await appears(`${sandbox.root}/runs`);
    await terminal.shows(/ soft .*working/);
    await terminal.press("C-c");
    const ending = await terminal.shows(/^ending/m);
    assertStringIncludes(ending, "once more ends them at once");
    await terminal.shows(/cancel {2}soft/);
    await terminal.press("C-c");
    await terminal.shows(/exit code 130/);
    const all = await terminal.text(true);
    assertEquals(/^(running|ending)/m.test(all), false, all);
    assertMatch(all, /cancelled: 0 of 2 tasks completed/);
    assert(await terminal.isCursorShown());
    assertEquals(
      await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/hard/1/pin:kept.txt`),
      "kept",
    );
  },
});
