/**
 * The pins of a run under one ref, `refs/omk/<run>/pins`. Git looks at every ref whenever it shows what has a name, as
 * `git log` does on a terminal: thousands of them make it slow. A gathering is a commit whose first parent is the gathering
 * before it, or the run's base, and whose other parents are pins; its message names the ref that each of them had.
 */

import { decode, type GitOptions, runGit, splitNul } from "./command.ts";
import { RefMovedError } from "./errors.ts";
import { handOver } from "./hand_over.ts";
import type { Hub } from "./hub.ts";
import { baseRef, pinsRef, runRefs, taskRefs } from "./objects.ts";
import type { ObjectId } from "./port.ts";
import type { RefWriter } from "./ref_writer.ts";
import { userRefs } from "./user_repository.ts";

/**
 * So many refs of omk a repository may have before pins are gathered. Measured: with a thousand that are packed, `git log` on
 * a terminal takes 8 % longer in a small repository than with none, with twenty thousand twice as long.
 */
export const REFS_KEPT = 1_000;

const TITLE = "Pins of attempts";

/** How the user's repository is written to. */
export interface Target {
  readonly options: GitOptions;
  readonly refs: RefWriter;
}

/**
 * Gathers what is published of a run's pins where the user's repository has many refs of omk. Whenever it stops, each
 * pin is reached by a ref in both repositories.
 */
export async function gatherPins(hub: Hub, runId: string, target: Target): Promise<void> {
  const everywhere = await userRefs(hub, "refs/omk/");
  if (everywhere.size <= REFS_KEPT) return;
  const own = await hub.refs(taskRefs(runId));
  const pins = new Map([...own].filter(([ref, commit]) => everywhere.get(ref) === commit));
  const base = await hub.ref(baseRef(runId));
  if (pins.size === 0 || base === null) return;
  const before = await hub.ref(pinsRef(runId));
  const parents = [before ?? base, ...new Set(pins.values())];
  const message = [TITLE, "", ...[...pins].map(([ref, commit]) => `${commit} ${ref}`), ""].join("\n");
  const meta = { identity: hub.info.identity, date: Date.now(), message };
  const to = await hub.commitTree(await hub.treeOf(base), parents, meta);
  const gathered = [...pins].map(([ref, from]) => ({ ref, from, to: null }));
  try {
    await hub.updateRefs([{ ref: pinsRef(runId), from: before, to }]);
    // Published here, with the pins that it stands for.
    hub.takeMoved(pinsRef(runId));
    const published = everywhere.get(pinsRef(runId)) ?? null;
    // A gathering before it may be in the hub alone: whoever made it has died since, or is still about to publish it.
    const known = [...pins.values(), ...(published === null ? [] : [published])];
    await handOver(hub, [to], known, target.options);
    await target.refs.update([{ ref: pinsRef(runId), from: published, to }, ...gathered]);
    await hub.updateRefs(gathered);
  } catch (error) {
    // An attempt was pinned again meanwhile: it is for the next time.
    if (!(error instanceof RefMovedError)) throw error;
  }
}

/** What was gathered of a run in a repository, by the refs that the pins had. `refs` are those that are there. */
export async function gatheredPins(
  options: GitOptions,
  runId: string,
  refs: ReadonlyMap<string, ObjectId>,
): Promise<Map<string, ObjectId>> {
  const tip = refs.get(pinsRef(runId));
  if (tip === undefined) return new Map();
  const base = refs.get(baseRef(runId));
  const range = base === undefined ? [tip] : [tip, `^${base}`];
  const { stdout } = await runGit(
    ["log", "-z", "--first-parent", "--format=%P%n%B", ...range, "--"],
    options,
  );
  const pins = new Map<string, ObjectId>();
  for (const text of splitNul(decode(stdout))) {
    const [parents = "", title, , ...lines] = text.split("\n");
    if (title !== TITLE) continue;
    const reached = new Set(parents.split(" "));
    for (const line of lines) {
      const [commit = "", ref = ""] = line.split(" ");
      // The newest comes first. What is not a parent may be anywhere, or nowhere.
      if (reached.has(commit) && ref.startsWith(runRefs(runId)) && !pins.has(ref)) pins.set(ref, commit);
    }
  }
  return pins;
}
