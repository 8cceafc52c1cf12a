/** What `omk verify` is asked to look at: a run here, a copy of a run's directory, an exported run, or a commit. */

import { resolve } from "@std/path";
import { UsageError } from "../errors.ts";
import { openGitAccess } from "../git/git_access.ts";
import { locateRepository } from "../git/repository.ts";
import { openRunBundle } from "../git/run_bundle.ts";
import { makeScratch } from "../git/scratch.ts";
import { BUNDLE_FILE, unpackRun } from "../proof/archive.ts";
import type { VerifyReport } from "../proof/checks.ts";
import type { GitAccess } from "../proof/git_access.ts";
import { findSigningKey, readPublicKey } from "../proof/key_file.ts";
import { verifyRun } from "../proof/verify.ts";
import { verifyAttached } from "../proof/verify_attached.ts";
import type { TrustedKey } from "../proof/verify_signatures.ts";
import { findRun } from "../run/find_run.ts";
import { apply } from "../run/state.ts";
import { findLostTests } from "../gates/tests/find_lost_tests.ts";
import { createRunState } from "../scheduler/run_state.ts";
import type { CommandContext } from "./command.ts";
import { locate } from "./place.ts";

/** What was verified, and what came of it. */
export interface Verified {
  /** The run's directory, the exported file, or `commit ID`. */
  readonly directory: string;
  readonly report: VerifyReport;
}

const RECOMPUTING = { fold: { create: createRunState, apply }, findLostTests };

/**
 * Verifies what `text` names; the newest run where it is undefined.
 *
 * @param signatures whether a key is looked for at all
 * @param forSigning whether it is to be signed, which takes the directory of a run
 * @throws {UsageError} where it names nothing.
 */
export async function verifyHere(
  context: CommandContext,
  text: string | undefined,
  { signatures, forSigning = false }: { readonly signatures: boolean; readonly forSigning?: boolean },
): Promise<Verified> {
  const { home, commonDir } = await locate(context);
  const git = commonDir === null ? null : openGitAccess(await locateRepository(context.cwd));
  const key = signatures ? await trustedKey(context) : null;
  const found = await find(context, home, git, text);
  if (forSigning && found.kind !== "directory") throw notToSign(found, text);
  if (found.kind === "commit") return await verifyCommit(found, key);
  if (found.kind === "archive") return await verifyArchive(context, found.path, key);
  const { path } = found;
  return { directory: path, report: await verifyRun({ runDirectory: path, git, ...RECOMPUTING, key }) };
}

type Target =
  | { readonly kind: "directory" | "archive"; readonly path: string }
  | { readonly kind: "commit"; readonly git: GitAccess; readonly commit: string };

async function find(
  { cwd }: CommandContext,
  home: string,
  git: GitAccess | null,
  text: string | undefined,
): Promise<Target> {
  if (text !== undefined) {
    const path = resolve(cwd, text);
    const there = await whatIsThere(path);
    if (there?.isDirectory && text.includes("/")) return { kind: "directory", path };
    if (there?.isFile) return { kind: "archive", path };
  }
  try {
    return { kind: "directory", path: (await findRun(home, text)).path };
  } catch (error) {
    if (text === undefined || !(error instanceof UsageError)) throw error;
    const commit = await git?.resolve(text) ?? null;
    if (git !== null && commit !== null) return { kind: "commit", git, commit };
    if (!text.includes("/")) throw error;
    throw new UsageError({
      what: "Cannot find what to verify",
      where: text,
      why: "it is no file, no directory, no run and no commit",
      cause: error,
    });
  }
}

function notToSign({ kind }: Target, where: string | undefined): UsageError {
  const isArchive = kind === "archive";
  return new UsageError({
    what: "Cannot sign what is no run",
    where,
    why: isArchive ? "it is a file" : "it is a commit",
    fix: isArchive
      ? "unpack an exported run with tar -xf, and name its directory"
      : "sign its run, and leave that with it by omk proof attach",
  });
}

async function whatIsThere(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    // What is too long for the name of a file may be meant for something else.
    if (error instanceof Error && "code" in error && error.code === "ENAMETOOLONG") return null;
    throw error;
  }
}

async function verifyArchive(
  { cwd }: CommandContext,
  path: string,
  key: TrustedKey | null,
): Promise<Verified> {
  const scratch = await makeScratch("omk-verify-");
  try {
    const runDirectory = await unpackRun(path, scratch);
    const bundle = `${runDirectory}/${BUNDLE_FILE}`;
    if (await whatIsThere(bundle) === null) {
      return { directory: path, report: await verifyRun({ runDirectory, git: null, ...RECOMPUTING, key }) };
    }
    const opened = await openRunBundle(bundle, await locateRepository(cwd));
    await using _opened = opened;
    return {
      directory: path,
      report: await verifyRun({ runDirectory, git: opened.git, ...RECOMPUTING, key }),
    };
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function verifyCommit(
  { git, commit }: Extract<Target, { kind: "commit" }>,
  key: TrustedKey | null,
): Promise<Verified> {
  const text = await git.attached(commit);
  if (text === null) {
    throw new UsageError({
      what: `Commit ${commit} has no proof`,
      where: git.path,
      why: "nothing is attached to it in refs/notes/omk",
      fix: "fetch it with git fetch origin refs/notes/omk:refs/notes/omk, or attach it with omk proof attach",
    });
  }
  if (key === null) {
    throw new UsageError({
      what: `Cannot verify commit ${commit}`,
      why: "only the signature vouches for what is attached to it, and no key is known here",
      fix: "name the public key that you trust with --key FILE",
    });
  }
  return { directory: `commit ${commit}`, report: await verifyAttached({ commit, text, git, key }) };
}

/** The key of `--key`, which must have signed; else the user's own, which may have. */
async function trustedKey({ args, cwd, env }: CommandContext): Promise<TrustedKey | null> {
  const file = args.text("key");
  if (file !== undefined) {
    const path = resolve(cwd, file);
    return { key: await readPublicKey(path), origin: file, required: true };
  }
  const own = await findSigningKey(env);
  return own === null ? null : { key: own.public, origin: "your own key", required: false };
}
