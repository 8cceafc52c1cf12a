/** What an event of a run means to somebody who asks for every detail. Pure. */

import type { PayloadOf } from "../../log/kinds.ts";
import type { RunEvent } from "../../log/event.ts";
import type { Style } from "../output.ts";
import { reasonText, type Telling, tellingLine } from "./telling.ts";
import { counted, formatBytes, iterationText, oneLine, shortId } from "./text.ts";

/** How many by-products are named. */
const NAMED = 5;

/** The line for an event that is told only to who asks for details; undefined where there is none. */
export function detailLine(event: RunEvent, style: Style): string | undefined {
  const told = detail(event);
  return told === undefined ? undefined : tellingLine({ ...told, colour: "dim" }, style);
}

function detail(event: RunEvent): Omit<Telling, "colour"> | undefined {
  switch (event.kind) {
    case "task_claimed": {
      const { task_id, attempt, base } = event.payload;
      return {
        word: "claim",
        text: `${task_id}, attempt ${attempt}${base === null ? "" : `, on ${shortId(base)}`}`,
      };
    }
    case "task_started": {
      const { process, slot } = event.payload;
      return { word: "pid", text: `${process.pid}${slot === null ? "" : ` in worktree ${slot}`}` };
    }
    case "attempt_pinned": {
      const { task_id, ref, changed, by_products, iteration } = event.payload;
      const what = ref === null ? "it changed nothing" : `${counted(changed.count, "path")} in ${ref}`;
      const left = by_products.map(({ top, bytes }) => `${oneLine(top)} (${formatBytes(bytes)})`);
      const cleaned = left.length === 0 ? "" : `; ignored files, removed: ${left.slice(0, NAMED).join(", ")}`;
      return { word: "pin", text: `${task_id}${iterationText(iteration)}: ${what}${cleaned}` };
    }
    case "lease_renewed": {
      const { task_id, attempt } = event.payload;
      return {
        word: "lease",
        text: `${task_id}, attempt ${attempt}, until ${isoTime(event.payload.lease_expires)}`,
      };
    }
    case "attempt_pinning":
      return {
        word: "pinning",
        text: `${event.payload.task_id}${
          iterationText(event.payload.iteration)
        } in worktree ${event.payload.slot}`,
      };
    case "run_resumed":
      return { word: "resumed", text: `by omk process ${event.payload.controller.pid}` };
    case "task_finished":
      return { word: "ended", text: `${event.payload.task_id}: its work is to be merged` };
    case "merge_started":
      return { word: "merge", text: `${event.payload.task_id} on ${shortId(event.payload.head)}` };
    case "merge_staged":
      return { word: "staged", text: `${event.payload.task_id} as ${shortId(event.payload.commit)}` };
    case "merge_deferred": {
      const { task_id, paths } = event.payload;
      const why = paths === undefined
        ? ""
        : `: it does not fit on what gates judge first, in ${paths.join(", ")}`;
      return { word: "defer", text: `the merge of ${task_id}${why}` };
    }
    case "merge_judging": {
      const { batch, tasks, commit } = event.payload;
      return { word: "judge", text: `batch ${batch}, ${tasks.join(", ")}, as ${shortId(commit)}` };
    }
    case "request_refused":
      return { word: "refused", text: `request ${event.payload.request}: ${reasonText(event.payload)}` };
    case "proof_written":
      return {
        word: "proof",
        text: `${event.payload.proof.path}, ${event.payload.proof.sha256.slice(0, 12)}${
          signature(event.payload)
        }`,
      };
    default:
      return undefined;
  }
}

function signature({ signed_by }: PayloadOf<"proof_written">): string {
  return signed_by === undefined ? "" : `, signed with key ${shortId(signed_by)}`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
