/** The git port: what the rest of omk knows about repositories, slots, pins and merges. */

import type { Command, WorktreeSpec } from "../plan/spec.ts";

/** Commit or tree id: 40 or 64 lower-case hex digits. */
export type ObjectId = string;

/** What omk finds out about the user's repository before it does anything. */
export interface RepositoryInfo {
  /** Absolute real path of the git common directory. */
  readonly commonDir: string;
  /** Absolute path of the git directory of this checkout; differs from `commonDir` in a linked worktree. */
  readonly gitDir: string;
  /** Absolute path of the checkout's root; null in a bare repository and inside a git directory. */
  readonly root: string | null;
  readonly bare: boolean;
  readonly objectFormat: "sha1" | "sha256";
  /** Commit of HEAD; null before the first commit. */
  readonly head: ObjectId | null;
  /** Full name of the branch that HEAD names (`refs/heads/main`); null when detached. */
  readonly branch: string | null;
  /** Changed and untracked paths of the checkout, which tasks will not see; relative to the root, sorted. */
  readonly dirty: readonly string[];
  readonly gitVersion: string;
  readonly caseSensitive: boolean;
  /** One sentence for each thing that omk handles only in part here: LFS, submodules, converted paths, shallow. */
  readonly knownGaps: readonly string[];
  /** Identity for commits: the user's, or `omk <omk@localhost>`. */
  readonly identity: Identity;
}

/** Author and committer of omk's commits. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** Which attempt holds a slot; written beside it and synced before the slot is handed out. */
export interface SlotHolder {
  readonly run_id: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly token: number;
}

/** A worktree that was handed out. */
export interface Slot {
  /** `w1`, `g2`, … */
  readonly name: string;
  /** Absolute path where the task works. */
  readonly path: string;
  /** Absolute path of the slot's own repository, which lies beside it. */
  readonly repository: string;
  /** The commit that it was restored to. */
  readonly base: ObjectId;
  /**
   * Absolute path of the slot's global git configuration, which includes the user's: what runs in the slot gets it as
   * `GIT_CONFIG_GLOBAL`, so that `git config --global` changes nothing of the user's.
   */
  readonly gitConfig: string;
}

/** A changed path of a pin, compared with the attempt's base. */
export interface ChangedPath {
  readonly path: string;
  readonly change: "added" | "modified" | "deleted";
}

/** What the base's ignore rules ignore: listed, then cleaned (P6). */
export interface ByProduct {
  /** First path segment. */
  readonly top: string;
  readonly files: number;
  readonly bytes: number;
}

/** What could not be pinned; its slot is set aside. */
export interface Unpinned {
  readonly path: string;
  readonly reason:
    | "too_large"
    | "no_space"
    | "not_regular"
    | "nested_repository"
    | "submodule"
    | "unreadable";
}

/** The result of pinning an attempt. */
export interface Pin {
  /** Null where the tree equals the base's: nothing to keep. */
  readonly commit: ObjectId | null;
  readonly tree: ObjectId;
  /** Null where nothing was pinned. */
  readonly ref: string | null;
  readonly changed: readonly ChangedPath[];
  readonly by_products: readonly ByProduct[];
  /** There are more by-products than were counted. */
  readonly by_products_capped: boolean;
  readonly unpinned: readonly Unpinned[];
  /** True where the slot must not be reused. */
  readonly set_aside: boolean;
  /** Paths in the pin whose content matches a secret's shape. */
  readonly secrets: readonly string[];
}

/** What makes the commit of a pin or merge the same however often it is made. */
export interface CommitMeta {
  readonly identity: Identity;
  /** Milliseconds since 1970, taken from the intent event; git keeps whole seconds. */
  readonly date: number;
  readonly message: string;
}

/** The result of merging one pin on the head. */
export type MergeResult =
  | { readonly kind: "merged"; readonly commit: ObjectId; readonly tree: ObjectId }
  | { readonly kind: "conflict"; readonly paths: readonly string[]; readonly detail: string };

/** Files restored into a slot beside the tree: outputs of dependencies. */
export interface RestoredFile {
  /** Relative to the slot. */
  readonly path: string;
  /** Absolute path of the stored copy. */
  readonly source: string;
  readonly sha256: string;
  readonly executable: boolean;
}

/** What a slot is prepared for. */
export interface SlotRequest {
  readonly kind: "task" | "gate";
  readonly holder: SlotHolder;
  readonly base: ObjectId;
  readonly worktree: WorktreeSpec;
  readonly restore: readonly RestoredFile[];
  /** A pin on `base` whose files are put in their place, as if the task had just made them; null: none. */
  readonly work?: ObjectId | null;
  /** Runs a set-up command in the slot; resolves with its exit code (non-zero is an error of the set-up). */
  readonly runSetup: (
    command: Command,
    cwd: string,
    gitConfig: string,
  ) => Promise<{ exit_code: number | null; output_tail: string }>;
}

/** omk's own repository for one user repository, and the slots beside it. */
export interface Workspace {
  readonly info: RepositoryInfo;
  /** Directory of the slots, absolute. */
  readonly worktreeDir: string;
  /** One sentence for each thing about the slots' place that the user should know; the proof repeats them. */
  readonly warnings: readonly string[];
  /**
   * Makes or refreshes the hub, and sets `refs/omk/<run>/base` and `…/head` in it and in the user's repository.
   * `head` is the head as the log of a resumed run has it: a process that died between its log and its refs may
   * have left the ref before or behind it. Without it a head that is there already stays.
   */
  openRun(runId: string, base: ObjectId, head?: ObjectId): Promise<void>;
  /**
   * Commits the dirty checkout as a snapshot on HEAD without touching checkout or index, and makes it
   * `refs/omk/<run>/base` in the hub; `--base dirty`. Call it before `openRun`.
   */
  snapshotDirty(runId: string, meta: CommitMeta): Promise<Snapshot>;
  treeOf(commit: ObjectId): Promise<ObjectId>;
  /**
   * Hands out a slot that is restored to `base` and set up.
   *
   * @throws SetupError where the set-up, a copied file or a restored output is at fault; the slot is free again.
   */
  acquire(request: SlotRequest): Promise<Slot>;
  /**
   * The slots that a process of this run held when it died, now held by this one: their work is to be pinned and
   * they are to be released. Call it only as the run's controller, or for `omk clean`. `isMeant`
   * chooses among them.
   */
  heldSlots(runId: string, isMeant?: (holder: SlotHolder) => boolean): Promise<readonly HeldSlot[]>;
  /** Frees the lock of a slot and leaves it marked as held: the controller of its run takes it over. */
  letGo(slot: Slot): Promise<void>;
  /**
   * Pins what the attempt left in its slot under `refs/omk/<run>/task/<id>/<attempt>/pin`, or under `…/i<NNN>` what an
   * iteration of its loop left; idempotent for one `meta`.
   * If it fails for another reason than a lost slot, the slot is to be set aside.
   *
   * @throws SlotLostError where the slot's directory is gone.
   */
  pin(
    slot: Slot,
    holder: SlotHolder,
    meta: CommitMeta,
    limits: { readonly pin_file_bytes: number },
    iteration?: number,
  ): Promise<Pin>;
  /** Fetches `refs/omk/<run>/*` into the user's repository; concurrent calls are joined into batches. */
  publish(runId: string): Promise<void>;
  /** Gives a slot back. `set_aside` keeps it from reuse until `omk clean --discard`, with the reason written beside it. */
  release(slot: Slot, fate: SlotFate): Promise<void>;
  /** Merges `pin` on `head` and makes the single-parent commit; moves no ref. */
  merge(head: ObjectId, pin: ObjectId, base: ObjectId, meta: CommitMeta): Promise<MergeResult>;
  /** Compare-and-swap of `refs/omk/<run>/head` in the hub. Repeating a swap that has happened is fine. */
  advanceHead(runId: string, from: ObjectId, to: ObjectId): Promise<void>;
  /** Keeps a merge with a branch that has moved as `refs/omk/<run>/merged`, here and in the user's repository. */
  keepMerge(runId: string, commit: ObjectId): Promise<void>;
  /**
   * Compares the tracked paths of a gate's slot with its base by bytes and mode; lists and removes what is
   * untracked and was not there when the slot was handed out (`keep` is left alone).
   */
  inspectGateSlot(
    slot: Slot,
    keep: readonly string[],
  ): Promise<{ readonly changed: readonly string[]; readonly untracked: readonly string[] }>;
  /** The canonical patch between two commits. */
  patch(base: ObjectId, head: ObjectId): Promise<Uint8Array>;
  /** What changed in some paths between two commits, for people; of what is binary or over a mebibyte only the name. */
  diff(from: ObjectId, to: ObjectId, paths: readonly string[]): Promise<string>;
  /** Changed paths between two commits or trees. */
  changedPaths(from: ObjectId, to: ObjectId): Promise<readonly ChangedPath[]>;
  /**
   * Merges the run's head into a branch that has moved: a commit with two parents, the branch first. The caller
   * runs the run's gates on it before it delivers it.
   */
  mergeBranch(branchCommit: ObjectId, head: ObjectId, meta: CommitMeta): Promise<MergeResult>;
  /** Moves a branch of the user to `head`; see `DeliveryResult`. */
  deliver(request: DeliveryRequest): Promise<DeliveryResult>;
  /** Closes handles and locks; slots that are still held stay marked as held. */
  close(): Promise<void>;
}

/** The dirty checkout as a commit. */
export interface Snapshot {
  readonly commit: ObjectId;
  readonly tree: ObjectId;
  /** Paths that are not in HEAD in this form and whose content matches a secret's shape. */
  readonly secrets: readonly string[];
}

/** A slot that a dead process held. */
export interface HeldSlot {
  readonly slot: Slot;
  readonly holder: SlotHolder;
}

/** What becomes of a slot that is given back. */
export type SlotFate = { readonly setAside: false } | { readonly setAside: true; readonly reason: string };

/** What `omk merge` asks for. */
export interface DeliveryRequest {
  readonly runId: string;
  /** Full name of the branch: `refs/heads/main`. */
  readonly branch: string;
  /** The commit to deliver; its ref has been published. */
  readonly head: ObjectId;
  /** The snapshot of the dirty checkout that the run started from, or null. */
  readonly snapshot: ObjectId | null;
}

/** How a delivery ended. Nothing was changed unless it is `fast_forwarded`. */
export type DeliveryResult =
  | {
    readonly kind: "fast_forwarded";
    /** Where the branch was; equal to `to` if it held the commit already. */
    readonly from: ObjectId;
    readonly to: ObjectId;
    /** The checkout whose files were updated, or null. */
    readonly checkout: string | null;
  }
  /** The branch has commits that `head` lacks: merge it (`mergeBranch`), judge the result, deliver that. */
  | { readonly kind: "moved"; readonly branchCommit: ObjectId }
  | {
    readonly kind: "refused";
    readonly why: string;
    /** The checkout's paths that stand in the way. */
    readonly paths: readonly string[];
    /** What the user can do. */
    readonly fix: string;
  };
