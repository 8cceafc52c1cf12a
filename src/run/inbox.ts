/** What flows and watchers have to say to the log, until the controller appends it. */

import type { EventDraft } from "../log/event.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { DraftMaker } from "./controller_handle.ts";

/** Something to append, made of the state at the moment when its turn comes. */
interface Post {
  readonly make: DraftMaker;
  readonly isUrgent: boolean;
  readonly done: PromiseWithResolvers<void>;
}

/** Posts in their order; what is urgent goes first, in a commit of its own, because it changes what the others say. */
export class Inbox {
  #posts: Post[] = [];

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#posts.length === 0;
  }

  /** Takes a post; resolves once what it says is committed and folded. */
  post(make: DraftMaker, isUrgent: boolean): Promise<void> {
    const post = { make, isUrgent, done: Promise.withResolvers<void>() };
    this.#posts.push(post);
    return post.done.promise;
  }

  /**
   * Appends what is posted: what is urgent in one commit, then all the rest in another, so that nobody who has something
   * urgent to say again and again keeps the others waiting. Where it fails, those who posted it learn of it too.
   */
  async drain(
    state: RunState,
    now: () => number,
    append: (drafts: readonly EventDraft[]) => Promise<unknown>,
  ): Promise<void> {
    await this.#appendPosts(this.#take(({ isUrgent }) => isUrgent), state, now(), append);
    await this.#appendPosts(this.#take(() => true), state, now(), append);
  }

  #take(isWanted: (post: Post) => boolean): readonly Post[] {
    const posts = this.#posts.filter(isWanted);
    if (posts.length > 0) this.#posts = this.#posts.filter((post) => !posts.includes(post));
    return posts;
  }

  async #appendPosts(
    posts: readonly Post[],
    state: RunState,
    now: number,
    append: (drafts: readonly EventDraft[]) => Promise<unknown>,
  ): Promise<void> {
    try {
      const drafts = posts.flatMap((post) => post.make(state, now));
      if (drafts.length > 0) await append(drafts);
      for (const post of posts) post.done.resolve();
    } catch (error) {
      for (const post of posts) post.done.reject(error);
      throw error;
    }
  }

  /** Tells everybody who waits that nothing is appended any more. */
  close(reason: unknown): void {
    for (const post of this.#posts) post.done.reject(reason);
    this.#posts = [];
  }
}
