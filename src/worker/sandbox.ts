/** From the sandbox of a plan to that of a body: which paths of this machine it sees and may write to. */

import { OmkError } from "../errors.ts";
import type { SandboxSpec } from "../plan/spec.ts";
import type { BodySandbox } from "../process/port.ts";

/** Where a body works. All paths are absolute. */
export interface SandboxPlace {
  /** What the paths of the plan are relative to. */
  readonly root: string;
  /** The repository of its own slot, where its git commands write; null where it works in the directory itself. */
  readonly repository: string | null;
  /** What its git commands read besides; null outside of a repository. */
  readonly commonDir: string | null;
  /** The user's project. */
  readonly directory: string;
  /** The environment of the body: its programs and its home are to be seen. */
  readonly env: Readonly<Record<string, string>>;
  /** The file that `OMK_RESULT` names. */
  readonly result: string;
}

/** Only omk's user reads what a task reports. */
const FILE_MODE = 0o600;

/**
 * Makes what the sandbox needs before the body starts: directories that it may write to, and an empty result file,
 * since only what exists can be made writable.
 *
 * @throws {OmkError} for a path that leads out of the root through a symbolic link.
 */
export function prepareSandbox({ network, write }: SandboxSpec, place: SandboxPlace): BodySandbox {
  const { root, repository, commonDir, directory, env, result } = place;
  const seen = [directory, root, commonDir ?? "", env["HOME"] ?? "", ...(env["PATH"] ?? "").split(":")];
  const realRoot = Deno.realPathSync(root);
  const paths = write.map((path) => writablePath(root, realRoot, path));
  Deno.writeFileSync(result, new Uint8Array(), { mode: FILE_MODE });
  return {
    network: network === "host",
    readable: seen.filter((path) => path.startsWith("/")),
    writable: [...paths, ...(repository === null ? [] : [repository]), result],
  };
}

/** Removes the result file that nothing was written to: the body has reported nothing. */
export function removeEmptyResult(result: string): void {
  try {
    if (Deno.lstatSync(result).size === 0) Deno.removeSync(result);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function writablePath(root: string, realRoot: string, path: string): string {
  const full = path === "" ? root : `${root}/${path}`;
  const real = Deno.realPathSync(existing(full));
  if (real === realRoot || real.startsWith(`${realRoot}/`)) return full;
  throw new OmkError({
    what: `Cannot make ${JSON.stringify(path)} writable in a sandbox`,
    where: full,
    why: "it leads out of the worktree through a symbolic link",
    fix: 'name another path in "sandbox.write"',
  });
}

/** The path, which is a directory from now on where there was nothing. */
function existing(path: string): string {
  try {
    Deno.lstatSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(path, { recursive: true });
  }
  return path;
}
