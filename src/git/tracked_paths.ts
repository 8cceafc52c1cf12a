/** What a commit tracks, as plans need it: every path, and where its symbolic links lead. */

import { decode, runGit, splitNul } from "./command.ts";
import type { ObjectId, RepositoryInfo } from "./port.ts";

/** A tracked path, relative to the root. */
export interface TrackedEntry {
  readonly path: string;
  /** The text of a symbolic link; absent for anything else. */
  readonly linkTarget?: string;
}

/** Mode of a symbolic link in a tree. */
const LINK_MODE = "120000";

/** The bytes of a file of a commit as text; null where there is none of this path, or what it names is no file. */
export async function readTracked(
  info: Pick<RepositoryInfo, "commonDir">,
  commit: ObjectId,
  path: string,
): Promise<string | null> {
  const options = { cwd: info.commonDir, profile: "local", okCodes: [0, 128] } as const;
  const { code, stdout } = await runGit(["cat-file", "blob", `${commit}:${path}`], options);
  return code === 0 ? decode(stdout) : null;
}

/** All paths of a commit's tree, in git's order. */
export async function listTrackedPaths(
  info: Pick<RepositoryInfo, "commonDir">,
  commit: ObjectId,
): Promise<readonly TrackedEntry[]> {
  const options = { cwd: info.commonDir, profile: "local" } as const;
  const { stdout } = await runGit(["ls-tree", "-r", "-z", "--full-tree", commit], options);
  const entries: TrackedEntry[] = [];
  for (const line of splitNul(decode(stdout))) {
    const tab = line.indexOf("\t");
    const [mode, , blob] = line.slice(0, tab).split(" ");
    const path = line.slice(tab + 1);
    if (mode !== LINK_MODE || blob === undefined) {
      entries.push({ path });
      continue;
    }
    const target = await runGit(["cat-file", "blob", blob], options);
    entries.push({ path, linkTarget: decode(target.stdout) });
  }
  return entries;
}
