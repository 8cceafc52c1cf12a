/**
 * Makes the executable: bundles `main.ts` with one chunk per lazily imported part, stamps the build into it,
 * and compiles the bundle together with the permissions that the program needs and no more.
 */

import { parseArgs } from "@std/cli/parse-args";
import { basename, dirname, fromFileUrl, join, relative, resolve } from "@std/path";
import { type BinaryRuntime, buildEnvironment, findToolchain, runStep, type Toolchain } from "./denort.ts";

const HELP = `Makes the executable dist/omk.

Usage: deno task compile [options]

  --output FILE      Where to put it (default: dist/omk)
  --main FILE        The entry point (default: main.ts)
  --runtime RUNTIME  auto (default), own, denort_bin or fallback
  --target TARGET    The system to compile for, such as aarch64-unknown-linux-gnu (default: this one). For another
                     one it takes Deno's own runtime, or DENORT_BIN

Environment:
  DENORT_BIN         A denort of the running Deno's version, used instead of a download
  XDG_CACHE_HOME     Where the fallback is kept, in omk-build/ (default: ~/.cache)`;

const ROOT = dirname(dirname(fromFileUrl(import.meta.url)));

/** What the program may do, fixed in the executable. `--no-prompt`: a program must never wait for an answer. */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-run",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--deny-net",
  "--deny-ffi",
  "--deny-sys",
];

/** The text in `src/version.ts` that makes place for the stamp. */
const STAMP = "@omk-build-stamp@";

/** What {@linkcode compile} makes, and from what. */
export interface CompileOptions {
  readonly main: string;
  readonly output: string;
  readonly runtime: "auto" | BinaryRuntime;
  /** Target triple of the system that it is for. */
  readonly target: string;
}

/** Compiles, checks that the result starts, and says what came out. */
export async function compile(options: CompileOptions, say: (line: string) => void): Promise<void> {
  const started = performance.now();
  const toolchain = await findToolchain(options.runtime, options.target, say);
  const bundle = await Deno.makeTempDir({ prefix: "omk-bundle-" });
  try {
    const bundleFlags = ["--minify", "--code-splitting", "--outdir", bundle];
    await runStep(Deno.execPath(), ["bundle", ...bundleFlags, options.main], { cwd: ROOT });
    await stampBundle(bundle, await stampOf(toolchain));
    await resetTimes(bundle);

    const entry = join(bundle, `${basename(options.main, ".ts")}.js`);
    // No code cache: it would be a file with a predictable name in the shared temporary folder, where anybody
    // could put one first, and a start takes no longer without it.
    const flags = [
      "--no-config",
      "--no-check",
      "--no-code-cache",
      ...PERMISSIONS,
      ...(options.target === Deno.build.target ? [] : ["--target", options.target]),
      // V8's young generation otherwise grows with what passes through it: a log of 1 GB is read in under 150 MB.
      "--v8-flags=--max-semi-space-size=8",
      "--output",
      options.output,
    ];
    await runStep(toolchain.deno, ["compile", ...flags, entry], { env: buildEnvironment(toolchain.env) });
    if (options.target === Deno.build.target) await requireStart(options.output);
  } finally {
    await Deno.remove(bundle, { recursive: true });
  }
  const megabytes = ((await Deno.stat(options.output)).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(
    `${relative(Deno.cwd(), options.output)}: ${megabytes} MB, Deno ${toolchain.version}, ` +
      `runtime: ${toolchain.runtime}, ${seconds} s`,
  );
}

/** What `buildInfo()` of the executable will read. */
async function stampOf(toolchain: Toolchain): Promise<string> {
  const stamp = new URLSearchParams({ runtime: toolchain.runtime });
  const commit = await currentCommit();
  if (commit !== undefined) stamp.set("commit", commit);
  return stamp.toString();
}

/**
 * Puts the stamp into the bundle in `folder`.
 *
 * @throws {Error} if no file has a place for it: the executable would not say what it is.
 */
export async function stampBundle(folder: string, stamp: string): Promise<void> {
  let places = 0;
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.isFile) continue;
    const path = join(folder, entry.name);
    const parts = (await Deno.readTextFile(path)).split(STAMP);
    if (parts.length === 1) continue;
    places += parts.length - 1;
    await Deno.writeTextFile(path, parts.join(stamp));
  }
  if (places === 0) throw new Error(`Cannot stamp the bundle "${folder}": no file of it holds "${STAMP}"`);
}

/** Checks that the executable starts; one with a wrong runtime does not, and is removed. */
async function requireStart(executable: string): Promise<void> {
  try {
    await runStep(executable, ["--version"]);
  } catch (error) {
    await Deno.remove(executable);
    throw new Error(
      `Cannot start the executable, was it made with a denort of another version of Deno? ${error}`,
    );
  }
}

/** Gives every file in `folder` the same modification time: the executable records it, and shall be reproducible. */
async function resetTimes(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) await Deno.utime(join(folder, entry.name), 0, 0);
}

/** The commit of the checkout, with `-dirty` for uncommitted changes. */
async function currentCommit(): Promise<string | undefined> {
  try {
    return (await runStep("git", ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], {
      cwd: ROOT,
    }))
      .trim();
  } catch {
    return undefined; // A source archive, no commit yet, or no git: the build goes on without it.
  }
}

function isRuntimeChoice(text: string): text is CompileOptions["runtime"] {
  return text === "auto" || text === "own" || text === "denort_bin" || text === "fallback";
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["output", "main", "runtime", "target"],
    default: { output: "dist/omk", main: "main.ts", runtime: "auto", target: Deno.build.target },
    unknown(arg) {
      console.error(`error: Unknown argument "${arg}"; see --help`);
      Deno.exit(2);
    },
  });
  if (args.help) {
    console.log(HELP);
    Deno.exit(0);
  }
  if (!isRuntimeChoice(args.runtime)) {
    console.error(`error: Unknown runtime "${args.runtime}"; see --help`);
    Deno.exit(2);
  }
  const { runtime, target } = args;
  const options = { main: resolve(ROOT, args.main), output: resolve(args.output), runtime, target };
  try {
    await compile(options, (line) => console.log(line));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
