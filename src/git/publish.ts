/** Publishing: bringing a run's refs from the hub into the user's repository, so that no clean-up of theirs loses them. */

import { runGit } from "./command.ts";
import { isMissing, replaceText } from "./files.ts";
import type { Hub } from "./hub.ts";
import { runRefs } from "./objects.ts";

/** So many fetches pass between two looks at how many loose refs there are. */
const FETCHES_PER_COUNT = 64;

/** More loose refs of omk than these are packed: each takes a block of the disk. */
const LOOSE_REFS_KEPT = 500;

/** Fetches of one run: at most one at a time, and one that waits with all who came meanwhile. */
interface Batch {
  running: Promise<void>;
  waiting: Promise<void> | null;
}

/** Publishes the refs of runs in batches. */
export class Publisher {
  readonly #hub: Hub;
  readonly #lock: () => Promise<Disposable>;
  readonly #batches = new Map<string, Batch>();
  #fetches = 0;

  /** `lock` serialises the packing of refs across omk processes. */
  constructor(hub: Hub, lock: () => Promise<Disposable>) {
    this.#hub = hub;
    this.#lock = lock;
  }

  /**
   * Resolves once everything below `refs/omk/<run>/` that the hub has at this moment is in the user's repository.
   * Callers that come while a fetch runs share the next one.
   */
  publish(runId: string): Promise<void> {
    const batch = this.#batches.get(runId) ?? { running: Promise.resolve(), waiting: null };
    this.#batches.set(runId, batch);
    // By the time that its turn comes, "waiting" is this very promise.
    batch.waiting ??= batch.running.catch(() => {}).then(() => {
      batch.running = batch.waiting ?? Promise.resolve();
      batch.waiting = null;
      return this.#fetch(runId);
    });
    return batch.waiting;
  }

  async #fetch(runId: string): Promise<void> {
    const refs = `${runRefs(runId)}*`;
    // A child of git that reads the user's repository sees no `-c safe.directory`.
    const config = `${this.#hub.path}/child.gitconfig`;
    await replaceText(config, "[safe]\n\tdirectory = *\n");
    await runGit([
      ...["fetch", "--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-auto-maintenance"],
      ...["--no-recurse-submodules", "--refmap=", "--atomic", this.#hub.path, `+${refs}:${refs}`],
    ], {
      cwd: this.#hub.info.commonDir,
      profile: "local",
      env: { GIT_DIR: this.#hub.info.commonDir, GIT_CONFIG_GLOBAL: config },
      config: [
        "protocol.version=2",
        "fetch.fsckObjects=false",
        "transfer.fsckObjects=false",
        "fetch.pruneTags=false",
        "fetch.writeCommitGraph=false",
        "core.logAllRefUpdates=false",
        "core.fsync=committed,reference",
        "core.fsyncMethod=batch",
      ],
    });
    if (++this.#fetches % FETCHES_PER_COUNT === 0) await this.packRefs();
  }

  /** Packs refs in both repositories where many of omk's are loose. */
  async packRefs(): Promise<void> {
    for (const gitDir of [this.#hub.path, this.#hub.info.commonDir]) {
      if (await countFiles(`${gitDir}/refs/omk`, LOOSE_REFS_KEPT + 1) <= LOOSE_REFS_KEPT) continue;
      using _lock = await this.#lock();
      await runGit(["pack-refs", "--all"], { cwd: gitDir, profile: "own", env: { GIT_DIR: gitDir } });
    }
  }
}

/** Counts the files below a directory, up to a limit. */
async function countFiles(directory: string, limit: number): Promise<number> {
  let count = 0;
  try {
    for await (const entry of Deno.readDir(directory)) {
      count += entry.isDirectory ? await countFiles(`${directory}/${entry.name}`, limit - count) : 1;
      if (count >= limit) break;
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return count;
}
