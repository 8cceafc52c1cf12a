import { assertEquals } from "@std/assert";
import { draft, type RunEvent } from "../../src/log/event.ts";
import { DEFAULT_APPROVAL } from "../../src/plan/approval.ts";
import type { Origin } from "../../src/process/origin.ts";
import { ApprovalOffice } from "../../src/run/approval_office.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import type { PermissionAnswer, PermissionRequest } from "../../src/worker/approval/port.ts";
import { makePlan, makeTask } from "./fixture.ts";
import { Rig } from "./rig.ts";

const PLACE = { root: "/nowhere", cwd: "/nowhere" };
const MAKE: PermissionRequest = { tool: "execute", title: "Bash", command: "make release", paths: [] };

/** Runs a task whose agent makes requests, one after the other; resolves with its answers and the events. */
async function answersTo(
  requests: readonly PermissionRequest[],
  during: (event: RunEvent, rig: Rig) => void = () => {},
  origin: (pid: number) => Origin = () => "outside",
): Promise<{ readonly answers: readonly PermissionAnswer[]; readonly rig: Rig }> {
  const approval = {
    ...DEFAULT_APPROVAL,
    policy: "pattern" as const,
    rules: [{ decision: "allow" as const, command: ["ls"] }, { decision: "ask" as const, command: ["make"] }],
  };
  const rig = new Rig(makePlan([makeTask("a")], { approval }), {
    outcome: () => null,
    originOf: origin,
  });
  const answers: PermissionAnswer[] = [];
  const work = async () => {
    const controller = rig.controller;
    const view = findTask(rig.state, "a");
    if (controller === undefined || view === undefined || view.task.token === null) {
      throw new Error("there is no attempt");
    }
    const { spec, task } = view;
    const ref = { task_id: "a", attempt: task.attempt, token: view.task.token };
    const desk = new ApprovalOffice(controller).deskOf(ref, spec);
    for (const request of requests) {
      answers.push(await desk.decide(request, PLACE, new AbortController().signal));
    }
    rig.attempts.get("a")?.end("cancelled");
  };
  await rig.run((event) => {
    if (event.kind === "task_started") void work();
    during(event, rig);
  });
  assertEquals(rig.foldAgain(), rig.foldAgain());
  return { answers, rig };
}

/** Another process answers. */
function give(rig: Rig, pid: number, decision: "allow" | "deny", approval = "1"): void {
  const process = { pid, pgid: pid, start_time: null, boot_id: null };
  rig.log.appendForeign([
    draft("approval_given", "run", `cli/${pid}`, {
      approval,
      decision,
      reason: "as I say",
      process,
      wall: 0,
    }),
  ]);
}

const kindsOf = (rig: Rig) =>
  rig.events.map(({ kind }) => kind).filter((kind) => kind.startsWith("approval_"));

Deno.test("a desk answers by the policy at once, and every request and decision is in the log", async () => {
  const { answers, rig } = await answersTo([
    { ...MAKE, command: "ls" },
    { ...MAKE, command: "rm x" },
    { tool: "fetch", title: "Fetch\u001b[2J", paths: [] },
  ]);
  assertEquals(answers, [
    { decision: "allow", reason: 'rule 1: allow commands that begin with "ls"' },
    { decision: "deny", reason: "no rule allows it" },
    { decision: "deny", reason: "no rule allows it" },
  ]);
  assertEquals(kindsOf(rig), [
    "approval_requested",
    "approval_decided",
    "approval_requested",
    "approval_decided",
    "approval_requested",
    "approval_decided",
  ]);
  assertEquals(rig.state.run.approvals, { count: 3, open: [] });
});

Deno.test("a desk asks a person, and takes the answer of a process outside; silence is a no", async () => {
  const { answers, rig } = await answersTo([MAKE, MAKE], (event, rig) => {
    if (event.kind !== "approval_requested") return;
    if (event.payload.approval === "1") give(rig, 7, "allow");
  });
  assertEquals(answers, [
    { decision: "allow", reason: "as I say" },
    { decision: "deny", reason: "nobody answered within 300 s" },
  ]);
  const decided = rig.events.filter((each) => each.kind === "approval_decided");
  assertEquals(decided.map(({ payload }) => payload.by), ["person", "timeout"]);
});

Deno.test("no descendant of a task can approve, and neither can who does not wait for the answer", async () => {
  const origins: Readonly<Record<number, Origin>> = { 7: "task", 8: "gone", 9: "outside" };
  const { answers, rig } = await answersTo([MAKE], (event, rig) => {
    if (event.kind === "approval_requested") give(rig, 7, "allow");
    if (event.kind === "request_refused") give(rig, event.payload.reason.includes("task") ? 8 : 9, "deny");
  }, (pid) => origins[pid] ?? "outside");
  assertEquals(answers, [{ decision: "deny", reason: "as I say" }]);
  assertEquals(rig.events.flatMap((each) => each.kind === "request_refused" ? [each.payload.reason] : []), [
    "a process of a task has asked for it, and only a person may",
    "the process that asked for it has not waited for its answer",
  ]);
});

Deno.test("P9: a request is answered when its attempt ends, and what is too long to be shown is a no", async () => {
  const { answers } = await answersTo(
    [{ ...MAKE, command: `make ${"x".repeat(20_000)}` }, MAKE],
    (event, rig) => {
      if (event.kind === "approval_requested" && event.payload.expires !== undefined) {
        rig.attempts.get("a")?.end("cancelled");
      }
    },
  );
  assertEquals(answers[0], { decision: "deny", reason: "its command is too long to be put to a person" });
  assertEquals(answers[1], { decision: "deny", reason: "the attempt has ended" });
});
