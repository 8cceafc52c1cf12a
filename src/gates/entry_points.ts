/**
 * What the commands of gates start from: the scripts that they name in the files of a project, what those name in turn,
 * and the files that are run in the end. Followed by reading alone, so what only running would tell is not found.
 */

import { parse } from "@std/jsonc";
import type { Command } from "../plan/spec.ts";
import { baseName, readShellText } from "../plan/shell_command.ts";
import { Directories, directoryOf } from "./directories.ts";
import { MAKEFILES, recipesOf } from "./projects/make.ts";
import { memberOf } from "./projects/check.ts";

/** The files of the tree that a run starts from; paths are relative to its root. */
export interface BaseFiles {
  /** Whether there is a file of this name. */
  isTracked(path: string): boolean;
  /** Its text; null where it has none, as a submodule. */
  read(path: string): Promise<string | null>;
}

/** What commands start from. */
export interface EntryPoints {
  /** Names of the programs that run, without their directories. */
  readonly programs: ReadonlySet<string>;
  /** Tracked files that are run, or that tell a program what to do. */
  readonly files: ReadonlySet<string>;
}

/** Programs that run the scripts of a package.json. */
const PACKAGE_MANAGERS: ReadonlySet<string> = new Set(["npm", "pnpm", "yarn", "bun"]);
/** What npm calls its `test` for short. */
const TEST_NAMES: ReadonlySet<string> = new Set(["t", "tst", "test"]);
/** Programs whose arguments are names of scripts in a package.json. */
const SCRIPT_RUNNERS: ReadonlySet<string> = new Set(["run-s", "run-p", "npm-run-all", "npm-run-all2"]);
/** Programs that run the file that they are given first. */
const INTERPRETERS: ReadonlySet<string> = new Set(
  ("sh bash dash zsh ksh source . node tsx ts-node bun deno python python3 ruby perl php lua Rscript pwsh osascript java " +
    "coverage").split(" "),
);
/** Programs that run another one, which follows their own options. */
const WRAPPERS: ReadonlySet<string> = new Set(
  "env exec time nice nohup timeout command xvfb-run cross-env dotenv npx bunx pnpx uv poetry pipenv c8 nyc"
    .split(" "),
);
/** Options whose value is a file that a program takes its orders from, whichever it is. */
const ORDERS: ReadonlySet<string> = new Set(
  "--config --project --require --import --loader --rcfile --makefile --tsconfig".split(" "),
);
/** Those that mean this to some programs, and to others something else. */
const SHORT_ORDERS: Readonly<Record<string, string>> = {
  "-c": "eslint jest mocha nox phpunit playwright prettier pytest rollup stylelint tox vitest webpack",
  "-f": "docker docker-compose gmake just make rake",
  "-p": "tsc",
  "-r": "jest mocha node ts-node tsx",
};
/** Options by which make and package managers go to another directory first. */
const ENTERING: ReadonlySet<string> = new Set(["-C", "--directory", "--prefix", "--dir", "--cwd"]);
/** Longer files are not followed: nobody writes such scripts by hand. */
const LONGEST_SCRIPT = 256_000;

/** Follows commands as far as reading tells. */
export async function entryPoints(commands: readonly Command[], files: BaseFiles): Promise<EntryPoints> {
  const follower = new Follower(files);
  const root = new Directories();
  for (const command of commands) {
    if (typeof command === "string") await follower.text(command, root);
    else await follower.words(command, root);
  }
  return follower;
}

class Follower implements EntryPoints {
  readonly programs = new Set<string>();
  readonly files = new Set<string>();
  readonly #base: BaseFiles;
  /** What was followed already: scripts may name each other in a circle. */
  readonly #followed = new Set<string>();

  constructor(base: BaseFiles) {
    this.#base = base;
  }

  /** The commands of a text that begins in `here`; `own` is the directory of the file that it is. */
  async text(text: string, here: Directories, own = ""): Promise<void> {
    let now = here;
    for (const [program, ...args] of readShellText(text).commands) {
      if (program === "cd" || program === "pushd") {
        const target = args.find((word) => word === null || !word.startsWith("-"));
        // What only the shell can tell is most often `$(dirname "$0")`.
        if (target === null) now = now.preferring([own]);
        else if (target !== undefined) now = now.entered(target);
      } else {
        await this.words([program, ...args].filter((word) => word !== null && word !== undefined), now);
      }
    }
  }

  /** One command: a program with its arguments. */
  async words(all: readonly string[], here: Directories): Promise<void> {
    const words = unwrapped(all);
    const [program, ...args] = words;
    if (program === undefined) return;
    const name = baseName(program);
    this.programs.add(name);
    await this.#runs(program, here);
    for (const [at, word] of args.entries()) {
      const [option = "", value = args[at + 1] ?? ""] = word.startsWith("--") ? word.split("=", 2) : [word];
      const file = isOrder(name, option) ? this.#find(value, here) : undefined;
      if (file !== undefined) this.files.add(file);
    }
    if (INTERPRETERS.has(name)) await this.#interpreted(name, args, here);
    if (PACKAGE_MANAGERS.has(name)) await this.#managed(name, args, here);
    if (SCRIPT_RUNNERS.has(name)) { for (const each of args) await this.#packageScripts(each, here); }
    if (name === "node" && args[0] === "--run") await this.#packageScripts(args[1] ?? "", here);
    if (name === "deno" && args[0] === "task") await this.#denoTask(firstPlain(args.slice(1)) ?? "", here);
    if (name === "make" || name === "gmake") await this.#make(args, here);
  }

  /** The file of the tree that a word means; undefined where it means none. */
  #find(word: string, here: Directories): string | undefined {
    return here.candidates(word).find((path) => this.#base.isTracked(path));
  }

  /** A file that is run: a script of a shell is followed too, where it was called. */
  async #runs(word: string, here: Directories): Promise<void> {
    const path = this.#find(word, here);
    if (path === undefined || this.files.has(path)) return;
    this.files.add(path);
    const text = await this.#read(path);
    const isShell = /\.(?:sh|bash)$/.test(path) || /^#!.*\b(?:ba|da|k|z)?sh\b/.test(text);
    if (isShell && text.length <= LONGEST_SCRIPT) await this.text(text, here, directoryOf(path));
  }

  async #interpreted(name: string, args: readonly string[], here: Directories): Promise<void> {
    // What tests are made of may be changed; what was lost of them is found elsewhere.
    const isOther = args.includes("--test") || (name === "deno" && args[0] !== "run") ||
      (name === "bun" && args[0] === "test") || (name.startsWith("python") && args.includes("-m"));
    if (isOther) return;
    const inline = args.indexOf("-c");
    if (inline >= 0 && /sh$/.test(name)) return await this.text(args[inline + 1] ?? "", here);
    const file = args.find((word, at) =>
      this.#find(word, here) !== undefined && !isOrder(name, args[at - 1] ?? "")
    );
    if (file !== undefined) await this.#runs(file, here);
  }

  async #managed(name: string, all: readonly string[], directories: Directories): Promise<void> {
    const { args, there: here } = entering(all, directories);
    const [command, ...rest] = args.filter((word) => !word.startsWith("-"));
    if (command === undefined) return;
    if (["run", "run-script", "exec", "x", "dlx"].includes(command)) {
      const [script = ""] = rest;
      return command.startsWith("run")
        ? await this.#packageScripts(script, here)
        : await this.words(rest, here);
    }
    // Other managers run a script by its name alone.
    if (TEST_NAMES.has(command)) await this.#packageScripts("test", here);
    else if (name !== "npm" || command === "start") await this.#packageScripts(command, here);
  }

  /** Scripts of the package.json by a name, or by one that ends in a wildcard, with those before and after them. */
  async #packageScripts(name: string, here: Directories): Promise<void> {
    const file = this.#find("package.json", here);
    if (file === undefined) return;
    this.files.add(file);
    const scripts = memberOf(await this.#json(file), "scripts");
    if (typeof scripts !== "object" || scripts === null) return;
    const isMeant = (script: string) =>
      name.endsWith("*") ? script.startsWith(name.slice(0, -1)) : script === name;
    for (const script of Object.keys(scripts).filter(isMeant)) {
      for (const each of [`pre${script}`, script, `post${script}`]) {
        await this.#once(file, each, memberOf(scripts, each));
      }
    }
  }

  async #denoTask(name: string, here: Directories): Promise<void> {
    const file = ["deno.json", "deno.jsonc"].map((each) => this.#find(each, here)).find((each) =>
      each !== undefined
    );
    if (file === undefined) return;
    this.files.add(file);
    const task = memberOf(memberOf(await this.#json(file), "tasks"), name);
    const needed = memberOf(task, "dependencies");
    if (Array.isArray(needed)) {
      const isNew = !this.#followed.has(`${file} ${name} first`);
      this.#followed.add(`${file} ${name} first`);
      if (isNew) { for (const each of needed) await this.#denoTask(String(each), here); }
    }
    await this.#once(file, name, typeof task === "string" ? task : memberOf(task, "command"));
  }

  async #make(all: readonly string[], here: Directories): Promise<void> {
    const { args, there } = entering(all, here);
    const at = args.findIndex((word) => ["-f", "--file", "--makefile"].includes(word));
    const names = at < 0 ? MAKEFILES : [args[at + 1] ?? ""];
    const file = names.map((each) => this.#find(each, there)).find((each) => each !== undefined);
    if (file === undefined) return;
    this.files.add(file);
    const words = at < 0 ? args : args.toSpliced(at, 2);
    const targets = words.filter((word) => !word.startsWith("-") && !word.includes("="));
    const recipes = recipesOf(await this.#read(file), targets);
    for (const recipe of recipes) await this.#once(file, recipe, recipe, there);
  }

  /** What a file says under a name, in the directory of that file or in `there`. */
  async #once(
    file: string,
    name: string,
    text: unknown,
    there = new Directories([directoryOf(file)]),
  ): Promise<void> {
    const key = `${file} ${name}`;
    if (typeof text !== "string" || this.#followed.has(key)) return;
    this.#followed.add(key);
    await this.text(text, there);
  }

  async #read(path: string): Promise<string> {
    return await this.#base.read(path) ?? "";
  }

  /** A parsed file; undefined where nobody can read it, the gate least of all. */
  async #json(path: string): Promise<unknown> {
    try {
      return parse(await this.#read(path));
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}

/** The command that is run in the end, without what only prepares it. */
function unwrapped(words: readonly string[]): readonly string[] {
  let rest = words;
  while (WRAPPERS.has(baseName(rest[0] ?? ""))) {
    const next = rest.findIndex((word, at) => at > 0 && !/^(?:-.*|\w+=.*|\d+[smhd]?|run)$/.test(word));
    if (next < 0) return rest;
    rest = rest.slice(next);
  }
  return rest;
}

/** The arguments without an option that leads to another directory, and where that is. */
function entering(
  args: readonly string[],
  here: Directories,
): { readonly args: readonly string[]; readonly there: Directories } {
  const at = args.findIndex((word) => ENTERING.has(word));
  if (at < 0) return { args, there: here };
  return { args: args.toSpliced(at, 2), there: here.entered(args[at + 1] ?? "") };
}

/** Whether the value of the option is a file that the program takes its orders from. */
function isOrder(program: string, option: string): boolean {
  return ORDERS.has(option) || SHORT_ORDERS[option]?.split(" ").includes(program) === true;
}

function firstPlain(words: readonly string[]): string | undefined {
  return words.find((word) => !word.startsWith("-"));
}
