/** A real terminal: a pane of a tmux server that belongs to one test. */

import { eventually } from "./call.ts";
import type { Sandbox } from "./harness.ts";

/** Whether tmux is installed. */
export async function hasTmux(): Promise<boolean> {
  try {
    return (await new Deno.Command("tmux", { args: ["-V"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** See the module. It lives until it is disposed. */
export class Terminal implements AsyncDisposable {
  readonly #socket = `omk-${crypto.randomUUID().slice(0, 8)}`;
  readonly #sandbox: Sandbox;
  #isOpen = false;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** Opens it with a size, and runs a command in it that says its exit code. */
  async run(columns: number, rows: number, command: string): Promise<void> {
    const size = ["-x", String(columns), "-y", String(rows)];
    // The shell lives on after an interrupt, to say the exit code.
    const script = `trap : INT; ${command}; echo "exit code $?"; exec cat`;
    await this.#tmux("-f", "/dev/null", "new-session", "-d", ...size, "sh", "-c", script);
    this.#isOpen = true;
  }

  /** What it shows; with `all` what has scrolled away too. */
  async text(all = false): Promise<string> {
    return await this.#tmux("capture-pane", "-p", ...(all ? ["-S", "-"] : []));
  }

  /** Resolves with what it shows once that matches; fails with what it shows. */
  async shows(pattern: RegExp): Promise<string> {
    let text = "";
    try {
      return await eventually(`the terminal to show ${pattern}`, async () => {
        text = await this.text();
        return pattern.test(text) ? text : undefined;
      });
    } catch (error) {
      throw new Error(`It shows:\n${text}`, { cause: error });
    }
  }

  /** Changes its size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Presses a key, named as tmux does: `C-c`. */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /** Whether the cursor can be seen. */
  async isCursorShown(): Promise<boolean> {
    return (await this.#tmux("display-message", "-p", "#{cursor_flag}")).trim() === "1";
  }

  /** Closes its window, as people do whose work is not done. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#tmux("kill-server");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { PATH = "" } = this.#sandbox.env;
    const { code, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-L", this.#socket, ...args],
      cwd: this.#sandbox.project,
      // What says that this is a CI job would leave no live view to test.
      clearEnv: true,
      env: {
        ...this.#sandbox.env,
        PATH: `${PATH}:/usr/bin:/bin`,
        TERM: "xterm-256color",
        NO_COLOR: "1",
        TMUX_TMPDIR: this.#sandbox.root,
      },
      stdin: "null",
    }).output();
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}
