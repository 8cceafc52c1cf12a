/** Reading what a run left in a repository: the user's own, or a clone that fetched `refs/omk/*`. */

import type { GitAccess, StoredCommit } from "../proof/git_access.ts";
import { decode, runGit } from "./command.ts";
import { gatheredPins } from "./gathered_pins.ts";
import { makeScratch } from "./scratch.ts";
import { RAW_ATTRIBUTES } from "./hub.ts";
import { readNote } from "./notes.ts";
import type { ObjectId, RepositoryInfo } from "./port.ts";

/** Opens a repository for reading; nothing is written to it. */
export function openGitAccess(
  { commonDir, objectFormat }: Pick<RepositoryInfo, "commonDir" | "objectFormat">,
): GitAccess {
  const options = { cwd: commonDir, profile: "own", env: { GIT_DIR: commonDir } } as const;
  return {
    path: commonDir,
    async commits(ids) {
      if (ids.length === 0) return new Map();
      const { stdout } = await runGit(["cat-file", "--batch"], { ...options, stdin: `${ids.join("\n")}\n` });
      return parseBatch(stdout);
    },
    async resolve(text) {
      const args = ["rev-parse", "--quiet", "--verify", "--end-of-options", `${text}^{commit}`];
      const { code, stdout } = await runGit(args, { ...options, okCodes: [0, 1, 128] });
      return code === 0 ? decode(stdout).trim() : null;
    },
    attached: (commit) => readNote(commonDir, commit),
    async isAncestor(ancestor, descendant) {
      const args = ["merge-base", "--is-ancestor", ancestor, descendant];
      return (await runGit(args, { ...options, okCodes: [0, 1] })).code === 0;
    },
    async refs(prefix) {
      const { stdout } = await runGit(["for-each-ref", "--format=%(objectname) %(refname)", prefix], options);
      const lines = decode(stdout).split("\n").filter((line) => line !== "");
      const refs = new Map(lines.map((line): [string, ObjectId] => {
        const space = line.indexOf(" ");
        return [line.slice(space + 1), line.slice(0, space)];
      }));
      const runs = new Set([...refs.keys()].map((ref) => ref.split("/")[2] ?? ""));
      const gathered = await Promise.all([...runs].map((run) => gatheredPins(options, run, refs)));
      return new Map([...gathered.flatMap((pins) => [...pins]), ...refs]);
    },
    patch: (base, head) => patchOf(commonDir, objectFormat, base, head),
  };
}

/** The paths in which two trees or commits of a repository differ. */
export async function differingPaths(
  { commonDir }: Pick<RepositoryInfo, "commonDir">,
  from: ObjectId,
  to: ObjectId,
): Promise<readonly string[]> {
  const { stdout } = await runGit(["diff-tree", "-r", "-z", "--name-only", "--no-renames", from, to], {
    cwd: commonDir,
    profile: "own",
    env: { GIT_DIR: commonDir },
  });
  return decode(stdout).split("\0").filter((path) => path !== "");
}

/**
 * The patch is made in an empty repository of its own that borrows the objects: neither the configuration nor the
 * attributes of the one that is read can change it.
 */
async function patchOf(
  commonDir: string,
  objectFormat: RepositoryInfo["objectFormat"],
  base: ObjectId,
  head: ObjectId,
): Promise<Uint8Array> {
  const empty = await makeScratch("omk-patch-");
  try {
    const init = [
      "init",
      "--quiet",
      "--bare",
      "--template=",
      "--initial-branch=omk",
      `--object-format=${objectFormat}`,
    ];
    await runGit([...init, empty], { cwd: empty, profile: "own" });
    await Deno.mkdir(`${empty}/info`, { recursive: true });
    await Deno.writeTextFile(`${empty}/info/attributes`, RAW_ATTRIBUTES);
    const { stdout } = await runGit([
      ...["diff-tree", "-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"],
      ...["--diff-algorithm=myers", "-U3", "--src-prefix=a/", "--dst-prefix=b/", base, head],
    ], { cwd: empty, profile: "own", env: { GIT_DIR: empty, GIT_OBJECT_DIRECTORY: `${commonDir}/objects` } });
    return stdout;
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
}

/** The commits in the output of `cat-file --batch`; what is missing or no commit is left out. */
function parseBatch(output: Uint8Array): Map<ObjectId, StoredCommit> {
  const commits = new Map<ObjectId, StoredCommit>();
  for (let at = 0; at < output.length;) {
    const lineEnd = output.indexOf(10, at);
    const [id = "", type = "", size = ""] = decode(output.subarray(at, lineEnd)).split(" ");
    at = lineEnd + 1;
    if (!/^\d+$/.test(size)) continue;
    const end = at + Number(size);
    if (type === "commit") commits.set(id, parseCommit(decode(output.subarray(at, end))));
    at = end + 1;
  }
  return commits;
}

function parseCommit(text: string): StoredCommit {
  const header = text.slice(0, text.indexOf("\n\n")).split("\n");
  const valuesOf = (key: string) =>
    header.flatMap((line) => line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []);
  return { tree: valuesOf("tree")[0] ?? "", parents: valuesOf("parent") };
}
