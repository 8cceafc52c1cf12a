import { assertEquals } from "@std/assert";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { Inbox } from "../../src/run/inbox.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";
import { makePlan, makeTask } from "./fixture.ts";

/** Drafts that can be told apart. */
function say(reason: string): readonly EventDraft[] {
  return [draft("run_failed", "run", "controller/1", { reason: "internal", detail: reason })];
}

function said(drafts: readonly EventDraft[]): unknown[] {
  return drafts.map(({ payload }) => "detail" in payload ? payload.detail : null);
}

Deno.test("drain() appends what is urgent first and alone, and the rest in the same turn, whoever posts meanwhile", async () => {
  const inbox = new Inbox();
  const state = createRunState(makePlan([makeTask("a")]));
  const commits: unknown[][] = [];
  const nows: number[] = [];
  const saying = (what: string) => (_: unknown, now: number) => {
    nows.push(now);
    return say(what);
  };
  void inbox.post(saying("first"), false);
  void inbox.post(saying("urgent"), true);
  let now = 0;
  await inbox.drain(state, () => ++now, (drafts) => {
    commits.push(said(drafts));
    // Somebody who always has something urgent to say, as a watcher has while the log is slow.
    if (commits.length === 1) {
      void inbox.post(saying("urgent again"), true);
      void inbox.post(saying("second"), false);
    }
    return Promise.resolve();
  });
  assertEquals(commits, [["urgent"], ["first", "urgent again", "second"]]);
  assertEquals(nows, [1, 2, 2, 2]);
  assertEquals(inbox.isEmpty, true);
});
