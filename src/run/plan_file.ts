/** The file of a plan: where it is, and what it says. */

import { isSystemError, reasonOf, UsageError } from "../errors.ts";
import { redactText } from "../log/redact.ts";
import type { ApprovalFile } from "../plan/approval_file.ts";
import { decodePlan } from "../plan/decode.ts";
import { PLAN_NAME } from "../plan/names.ts";
import { nearest } from "../plan/nearest.ts";
import { PlanError, redactProblem } from "../plan/problem.ts";

/** Larger plans are refused, bytes: a plan of 100,000 tasks takes about 30 MB. */
export const LARGEST_PLAN_BYTES = 64 * 1024 * 1024;

/** Which plan was asked for. */
export interface PlanChoice {
  /** Absolute. */
  readonly cwd: string;
  /** Relative to `cwd`; undefined: `omk.jsonc`. */
  readonly planPath?: string | undefined;
}

/**
 * The absolute path of the plan that was named, or of `omk.jsonc` in `directory`.
 *
 * @throws {UsageError} where there is no such file
 */
export async function findPlan({ cwd, planPath }: PlanChoice, directory: string): Promise<string> {
  const path = planPath === undefined
    ? `${directory}/${PLAN_NAME}`
    : planPath.startsWith("/")
    ? planPath
    : `${cwd}/${planPath}`;
  const info = await statPlan(path, planPath !== undefined);
  if (info.isFile) return await Deno.realPath(path);
  throw new UsageError({
    what: "Cannot use the plan",
    where: path,
    ...(info.isDirectory
      ? { why: "it is a directory", fix: "name the file of the plan" }
      : { why: "it is no file, but a pipe, a socket or a device", fix: "write the plan to a file first" }),
  });
}

async function statPlan(path: string, isNamed: boolean): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    if (!isMissing) throw unreadable(path, error);
    const guess = await nearestFile(path);
    const meant = guess === undefined ? "check the path" : `did you mean ${guess}?`;
    const init = "write one with omk init";
    throw new UsageError({
      what: "Cannot find the plan",
      where: path,
      why: "there is no such file",
      fix: isNamed
        ? meant
        : guess === undefined
        ? init
        : `${init}, or name the one that is meant: omk run ${guess}`,
    });
  }
}

/**
 * The text of a plan.
 *
 * @throws {PlanError} where it is no UTF-8
 * @throws {UsageError} where it cannot be read, or is too large
 */
export async function readPlanText(path: string): Promise<string> {
  const decoded = decodePlan(await readBytes(path));
  if (decoded.ok) return decoded.text;
  const { locate } = await import("../plan/locate.ts");
  const problems = locate(decoded.shown, path, [decoded.finding]);
  throw new PlanError(problems.map((problem) => redactProblem(problem, redactText)));
}

/**
 * How the approval file that a plan names is read: relative to the directory of the plan, whose absolute path this is.
 *
 * @throws {UsageError} where it cannot be read: a policy that cannot be read must not be guessed
 */
export function approvalReader(planPath: string): (name: string) => Promise<ApprovalFile> {
  return async (name) => {
    const path = name.startsWith("/") ? name : `${planPath.slice(0, planPath.lastIndexOf("/"))}/${name}`;
    try {
      return { path, text: (await Deno.readTextFile(path)).replace(/^\uFEFF/, "") };
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new UsageError({
        what: "Cannot read the approval file",
        where: path,
        why: reasonOf(error),
        fix: `${planPath} names it as "approval.file": write it, or correct the name`,
        cause: error,
      });
    }
  };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const { size } = await Deno.stat(path);
    if (size <= LARGEST_PLAN_BYTES) return await Deno.readFile(path);
    const megabytes = Math.ceil(size / 1e6);
    throw new UsageError({
      what: "Cannot use the plan",
      where: path,
      why: `it has ${megabytes} MB, and may have ${Math.floor(LARGEST_PLAN_BYTES / 1e6)}`,
      fix: "check which file was named, or split it into several plans",
    });
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new UsageError({
    what: "Cannot read the plan",
    where: path,
    why: reasonOf(error),
    fix: "check the permissions of the file and of its directories",
    cause: error,
  });
}

/** A file beside the missing one whose name is almost the same. */
async function nearestFile(path: string): Promise<string | undefined> {
  const at = path.lastIndexOf("/");
  try {
    const entries = await Array.fromAsync(Deno.readDir(path.slice(0, at) || "/"));
    return nearest(path.slice(at + 1), entries.filter(({ isFile }) => isFile).map(({ name }) => name));
  } catch (error) {
    // Without its directory there is nothing to choose from.
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
