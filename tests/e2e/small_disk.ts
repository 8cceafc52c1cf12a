/**
 * A small disk: a tmpfs in a mount namespace of its own. What is mounted there is seen only by the processes of the
 * namespace, so omk and all that looks at its files are called through `enter`.
 */

import { type Called } from "./call.ts";
import { type CallOptions, program, type Sandbox } from "./harness.ts";
import { MOUNT_NAMESPACE } from "./mount_namespace.ts";
import { type RunningOmk } from "./running_omk.ts";

/** See the module. */
export class SmallDisk implements AsyncDisposable {
  readonly #sandbox: Sandbox;
  /** Keeps the namespace alive. */
  readonly #holder: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(sandbox: Sandbox, holder: Deno.ChildProcess) {
    this.#sandbox = sandbox;
    this.#holder = holder;
    this.#input = holder.stdin.getWriter();
  }

  /** Mounts a disk of `size` (as for tmpfs, such as "2m") over a directory; what is in it is copied first. */
  static async mount(sandbox: Sandbox, directory: string, size: string): Promise<SmallDisk> {
    const script =
      `cp -a '${directory}/.' "$HOME/copy" && mount -t tmpfs -o size=${size} tmpfs '${directory}' &&` +
      ` cp -a "$HOME/copy/." '${directory}' && rm -r "$HOME/copy" && echo mounted && read _`;
    const holder = new Deno.Command("unshare", {
      args: [...MOUNT_NAMESPACE, "sh", "-c", script],
      cwd: sandbox.root,
      clearEnv: true,
      env: { ...sandbox.env, HOME: `${sandbox.root}/tmp` },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = holder.stdout.getReader();
    const { value } = await output.read();
    await output.cancel();
    if (value === undefined) throw new Error(`Cannot mount a small disk over ${directory}`);
    return new SmallDisk(sandbox, holder);
  }

  /** Runs a program where the disk is seen. */
  async call(command: string, args: readonly string[], options: CallOptions = {}): Promise<Called> {
    return await this.#sandbox.call("nsenter", [...this.#namespace(options), command, ...args], options);
  }

  /** Runs a shell script where the disk is seen. */
  async sh(script: string): Promise<Called> {
    return await this.call("sh", ["-c", script]);
  }

  /** Calls omk where the disk is seen. */
  async omk(args: readonly string[], options: CallOptions = {}): Promise<Called> {
    const { command, args: first } = program();
    return await this.call(command, [...first, ...args], options);
  }

  /** Starts omk where the disk is seen, and leaves it running. */
  start(args: readonly string[], options: CallOptions = {}): RunningOmk {
    const { command, args: first } = program();
    return this.#sandbox.startProgram(
      "nsenter",
      [...this.#namespace(options), command, ...first, ...args],
      options,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#holder.status;
  }

  #namespace(options: CallOptions): readonly string[] {
    const asUser = Deno.uid() === 0 ? [] : ["--user", "--preserve-credentials"];
    const directory = options.cwd ?? this.#sandbox.project;
    // The directory is entered last: the option of nsenter would find the one that the disk hides.
    const enter = ["sh", "-c", 'cd "$0" && exec "$@"', directory];
    return [`--target=${this.#holder.pid}`, ...asUser, "--mount", "--", ...enter];
  }
}
