/**
 * Makes the files of a release: an executable for each system, and SHA256SUMS over them. It refuses what must not be
 * released: a tag that is not the version, and executables on the fallback runtime or from a changed checkout.
 */

import { parseArgs } from "@std/cli/parse-args";
import { basename, dirname, fromFileUrl, join, resolve } from "@std/path";
import { sha256OfFile } from "../src/digest.ts";
import { VERSION } from "../src/version.ts";
import { compile } from "./compile.ts";

const HELP = `Makes the files of a release in dist/release.

Usage: deno task release --tag TAG [options]

  --tag TAG       The tag of the release: v and the version of src/version.ts
  --output DIR    Where to put the files (default: dist/release); it must not exist
  --runtime NAME  own (default), or denort_bin for this system alone`;

const ROOT = dirname(dirname(fromFileUrl(import.meta.url)));

/** The systems that are released for: target triple, and the name of the file. */
export const TARGETS: readonly { readonly target: string; readonly file: string }[] = [
  { target: "x86_64-unknown-linux-gnu", file: "omk-linux-x64" },
  { target: "aarch64-unknown-linux-gnu", file: "omk-linux-arm64" },
  { target: "x86_64-apple-darwin", file: "omk-macos-x64" },
  { target: "aarch64-apple-darwin", file: "omk-macos-arm64" },
];

/** The file with the checksums, in the form of `sha256sum`. */
export const CHECKSUMS_FILE = "SHA256SUMS";

/** What the compile script puts into every executable; see `src/version.ts`. */
const STAMP = /runtime=([a-z_]+)(?:&commit=([0-9a-z-]+))?/;
/** How much of an executable is looked through at once, and how much of it again with the next part. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const OVERLAP_BYTES = 256;

/**
 * Makes sure that a tag names the version.
 *
 * @throws {Error} where it does not.
 */
export function requireTag(tag: string): void {
  if (tag !== `v${VERSION}`) {
    throw new Error(
      `Cannot release "${tag}": src/version.ts says ${VERSION}, so the tag must be v${VERSION}`,
    );
  }
}

/**
 * Makes sure that an executable may be released: it is on Deno's own runtime, and from a commit without changes. It
 * need not run here.
 *
 * @throws {Error} where it may not.
 */
export async function requireReleasable(path: string): Promise<void> {
  const { runtime, commit } = await readStamp(path);
  if (runtime !== "own" && runtime !== "denort_bin") {
    throw new Error(
      `Cannot release "${path}": its runtime is "${runtime}", and only Deno's own may be released`,
    );
  }
  if (commit === undefined || commit.endsWith("-dirty")) {
    throw new Error(
      `Cannot release "${path}": it was made from ${commit ?? "no commit"}; commit everything first`,
    );
  }
}

/** What an executable says about itself, without running it. */
async function readStamp(
  path: string,
): Promise<{ readonly runtime: string; readonly commit: string | undefined }> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(WINDOW_BYTES);
  let kept = "";
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    const text = kept + decoder.decode(buffer.subarray(0, count));
    const match = STAMP.exec(text);
    // A stamp at the end of the window may go on behind it.
    if (match !== null && match.index + OVERLAP_BYTES < text.length) return stampOf(match);
    kept = text.slice(-OVERLAP_BYTES);
  }
  const match = STAMP.exec(kept);
  if (match !== null) return stampOf(match);
  throw new Error(`Cannot release "${path}": it does not say what it was made from`);
}

function stampOf([, runtime = "", commit]: RegExpExecArray) {
  return { runtime, commit };
}

/** Writes the checksums of files of a folder, as `sha256sum -c` reads them. */
export async function writeChecksums(folder: string, files: readonly string[]): Promise<void> {
  const lines = await Promise.all(
    files.map(async (file) => `${(await sha256OfFile(join(folder, file))).sha256}  ${file}\n`),
  );
  await Deno.writeTextFile(join(folder, CHECKSUMS_FILE), lines.join(""));
}

async function release(
  tag: string,
  folder: string,
  runtime: "own" | "denort_bin",
): Promise<void> {
  requireTag(tag);
  await Deno.mkdir(dirname(folder), { recursive: true });
  await Deno.mkdir(folder);
  // One runtime file serves one system.
  const targets = runtime === "own" ? TARGETS : TARGETS.filter(({ target }) => target === Deno.build.target);
  for (const { target, file } of targets) {
    const output = join(folder, file);
    await compile({ main: join(ROOT, "main.ts"), output, runtime, target }, console.log);
    await requireReleasable(output);
  }
  await writeChecksums(folder, targets.map(({ file }) => basename(file)));
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["tag", "output", "runtime"],
    default: { output: "dist/release", runtime: "own" },
    unknown(arg) {
      console.error(`error: Unknown argument "${arg}"; see --help`);
      Deno.exit(2);
    },
  });
  if (args.help) {
    console.log(HELP);
    Deno.exit(0);
  }
  if (args.tag === undefined || (args.runtime !== "own" && args.runtime !== "denort_bin")) {
    console.error("error: Give a --tag, and as --runtime own or denort_bin; see --help");
    Deno.exit(2);
  }
  try {
    await release(args.tag, resolve(args.output), args.runtime);
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
