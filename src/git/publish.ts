/** Publishing: bringing a run's refs from the hub into the user's repository, so that no clean-up of theirs loses them. */

import { systemClock } from "../clock.ts";
import { OmkError } from "../errors.ts";
import { type GitOptions, runGit } from "./command.ts";
import { GitError } from "./errors.ts";
import { isMissing, replaceText } from "./files.ts";
import { gatherPins } from "./gathered_pins.ts";
import { handOver } from "./hand_over.ts";
import type { Hub } from "./hub.ts";
import { baseRef, headRef, runRefs } from "./objects.ts";
import type { ObjectId } from "./port.ts";
import { RefWriter } from "./ref_writer.ts";

/** So many batches pass between two looks at how many loose refs there are. */
const BATCHES_PER_COUNT = 32;

/** More loose refs of omk than these are packed: each takes a block of the disk. */
const LOOSE_REFS_KEPT = 100;

/**
 * So many may stay loose in the user's repository in the end. Measured: `git log` on a terminal, 2 ms in a small one, takes
 * 25 µs for each loose ref, and for five hundred that are packed 100 µs.
 */
const LOOSE_REFS_LEFT = 8;

/**
 * While somebody makes a worktree, its HEAD names no commit for a moment, and every fetch into the repository fails. Where
 * it stays like that, the worktree is broken.
 */
const UNFINISHED_WORKTREE = /bad object worktrees\//;
const FETCH_TRIES = 40;
const FETCH_PAUSE_MS = 50;

/** Batches of one run: at most one at a time, and one that waits with all who came meanwhile. */
interface Batch {
  running: Promise<void>;
  waiting: Promise<void> | null;
  /** What the user's repository has of the run for certain; null before the first fetch of this process. */
  known: Map<string, ObjectId> | null;
}

/** What holds besides for every write into the user's repository. */
const CONFIG: readonly string[] = ["core.logAllRefUpdates=false"];

/** Publishes the refs of runs in batches. */
export class Publisher {
  readonly #hub: Hub;
  readonly #lock: () => Promise<Disposable>;
  readonly #batches = new Map<string, Batch>();
  readonly #userRefs: RefWriter;
  #published = 0;

  /** `lock` serialises the packing of refs across omk processes. */
  constructor(hub: Hub, lock: () => Promise<Disposable>) {
    this.#hub = hub;
    this.#lock = lock;
    this.#userRefs = new RefWriter(this.#inUserRepository());
  }

  /** Gathers and packs what this process has published, and ends the process that moves refs. */
  async close(): Promise<void> {
    try {
      for (const runId of this.#batches.keys()) await this.#gather(runId);
      this.#batches.clear();
    } finally {
      await this.#userRefs.close();
    }
    try {
      if (this.#published > 0) await this.#packRefs(LOOSE_REFS_LEFT);
    } catch (error) {
      // Nothing is lost where they stay loose, as on a full disk: the next run packs them.
      if (!(error instanceof OmkError)) throw error;
    }
  }

  /**
   * Resolves once everything below `refs/omk/<run>/` that the hub has at this moment is in the user's repository.
   * Callers that come while a batch is under way share the next one.
   */
  publish(runId: string): Promise<void> {
    const batch = this.#batches.get(runId) ?? { running: Promise.resolve(), waiting: null, known: null };
    this.#batches.set(runId, batch);
    // By the time that its turn comes, "waiting" is this very promise.
    batch.waiting ??= batch.running.catch(() => {}).then(() => {
      batch.running = batch.waiting ?? Promise.resolve();
      batch.waiting = null;
      return this.#publish(runId, batch);
    });
    return batch.waiting;
  }

  async #publish(runId: string, batch: Batch): Promise<void> {
    const moved = this.#hub.takeMoved(runRefs(runId));
    if (batch.known === null || !(await this.#handOver(moved, batch.known))) {
      batch.known = null;
      await this.#fetch(runId);
      batch.known = await this.#tips(runId);
    } else {
      for (const ref of [baseRef(runId), headRef(runId)]) {
        const commit = moved.get(ref);
        if (commit !== undefined) batch.known.set(ref, commit);
      }
    }
    if (++this.#published % BATCHES_PER_COUNT === 0) {
      await this.#gather(runId);
      await this.#packRefs(LOOSE_REFS_KEPT);
    }
  }

  /** Publishes the refs that this process has moved; false where that fails, and a fetch is to tell why. */
  async #handOver(
    moved: ReadonlyMap<string, ObjectId>,
    known: ReadonlyMap<string, ObjectId>,
  ): Promise<boolean> {
    if (moved.size === 0) return true;
    try {
      await handOver(this.#hub, moved.values(), known.values(), this.#inUserRepository());
      await this.#userRefs.set(moved);
      return true;
    } catch (error) {
      if (error instanceof GitError) return false;
      throw error;
    }
  }

  #gather(runId: string): Promise<void> {
    return gatherPins(this.#hub, runId, { options: this.#inUserRepository(), refs: this.#userRefs });
  }

  /** The refs of a run on which its attempts are based. */
  async #tips(runId: string): Promise<Map<string, ObjectId>> {
    const tips = new Map<string, ObjectId>();
    for (const ref of [baseRef(runId), headRef(runId)]) {
      const commit = await this.#hub.ref(ref);
      if (commit !== null) tips.set(ref, commit);
    }
    return tips;
  }

  #inUserRepository(): GitOptions {
    const { commonDir } = this.#hub.info;
    return { cwd: commonDir, profile: "local", env: { GIT_DIR: commonDir }, config: CONFIG };
  }

  /** Fetches everything of a run, what other processes have made of it too. */
  async #fetch(runId: string): Promise<void> {
    for (let tries = 1;; tries++) {
      try {
        return await this.#tryFetch(runId);
      } catch (error) {
        const isPassing = error instanceof GitError && UNFINISHED_WORKTREE.test(error.failure.stderr);
        if (!isPassing || tries === FETCH_TRIES) throw error;
        await systemClock.sleep(FETCH_PAUSE_MS);
      }
    }
  }

  async #tryFetch(runId: string): Promise<void> {
    const refs = `${runRefs(runId)}*`;
    // A child of git that reads the user's repository sees no `-c safe.directory`.
    const config = `${this.#hub.path}/child.gitconfig`;
    await replaceText(config, "[safe]\n\tdirectory = *\n");
    const options = this.#inUserRepository();
    await runGit([
      ...["fetch", "--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-auto-maintenance"],
      ...["--no-recurse-submodules", "--refmap=", "--atomic", this.#hub.path, `+${refs}:${refs}`],
    ], {
      ...options,
      env: { ...options.env, GIT_CONFIG_GLOBAL: config },
      config: [
        ...CONFIG,
        "protocol.version=2",
        "fetch.fsckObjects=false",
        "transfer.fsckObjects=false",
        "fetch.pruneTags=false",
        "fetch.writeCommitGraph=false",
      ],
    });
  }

  /** Packs refs where many of omk's are loose: in the user's repository more than `limit`. */
  async #packRefs(limit: number): Promise<void> {
    const repositories = [[this.#hub.path, LOOSE_REFS_KEPT], [this.#hub.info.commonDir, limit]] as const;
    for (const [gitDir, kept] of repositories) {
      if (await countFiles(`${gitDir}/refs/omk`, kept + 1) <= kept) continue;
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
