/** What the verification of a proof asks of a git repository. It only reads. */

import type { ObjectId } from "../git/port.ts";

/** A commit as it is stored. */
export interface StoredCommit {
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
}

/** A repository that holds, or is said to hold, what a run delivered. */
export interface GitAccess {
  /** The repository, for messages. */
  readonly path: string;
  /** Those of the commits that exist. */
  commits(ids: readonly ObjectId[]): Promise<ReadonlyMap<ObjectId, StoredCommit>>;
  /** Whether one commit is the other or comes before it. Both exist. */
  isAncestor(ancestor: ObjectId, descendant: ObjectId): Promise<boolean>;
  /** The commit that a text names, as git reads it; null where it names none. */
  resolve(text: string): Promise<ObjectId | null>;
  /** The proof that is attached to a commit; null where there is none. */
  attached(commit: ObjectId): Promise<string | null>;
  /** Full name and value of each ref below a prefix that ends with a slash. */
  refs(prefix: string): Promise<ReadonlyMap<string, ObjectId>>;
  /** The canonical patch between two commits, whatever the repository's own configuration says. */
  patch(base: ObjectId, head: ObjectId): Promise<Uint8Array>;
}
