/** The fold of the events about reviews. */

import { attemptOf, type HandlersOf } from "./handler.ts";

/** See the module. */
export const reviewHandlers: HandlersOf<"task_reviewed"> = {
  task_reviewed(state, { payload }) {
    const view = attemptOf(state, payload, "finished");
    if (typeof view === "string") return view;
    const review = attemptOf(state, payload.review, "finished");
    if (typeof review === "string") return review;
    const { task, spec } = view;
    const { task_id: by, token } = payload.review;
    if (review.spec.review?.of.includes(spec.id) !== true) return `task "${by}" is no review of "${spec.id}"`;
    if (token < payload.token) return `review "${by}" began before the attempt of "${spec.id}" did`;
    if (payload.verdict !== "passed") return undefined;
    // What has passed an earlier attempt says nothing of this one.
    const others = (task.passed_reviews ?? []).filter((each) =>
      each.token === payload.token && each.review !== by
    );
    task.passed_reviews = [...others, { review: by, token: payload.token }];
    return undefined;
  },
};
