/** A proof as JUnit XML, for what shows tests: a suite of tasks and a suite of gates. */

import XMLBuilder from "fast-xml-builder";
import type { Proof } from "./schema.ts";

/** What no XML may hold. */
// deno-lint-ignore no-control-regex -- these are the characters that are meant
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/g;

interface Case {
  readonly name: string;
  readonly ms: number | null;
  readonly verdict: "passed" | "failed" | "skipped";
  readonly reason: string;
}

/** The text of the report. */
export function junitReport(proof: Proof): string {
  const tasks = proof.tasks.filter(({ selected }) => selected).map(taskCase);
  const gates = proof.gates.map(gateCase);
  const suites = [suiteOf("tasks", tasks), suiteOf("gates", gates)];
  const all = [...tasks, ...gates];
  const builder = new XMLBuilder({ ignoreAttributes: false, format: true, suppressEmptyNode: true });
  const text: string = builder.build({
    "?xml": { "@_version": "1.0", "@_encoding": "UTF-8" },
    testsuites: { "@_name": clean(proof.name), ...countsOf(all), testsuite: suites },
  });
  return text.endsWith("\n") ? text : `${text}\n`;
}

function taskCase({ id, state, duration_ms, reason }: Proof["tasks"][number]): Case {
  const verdict = state === "completed" ? "passed" : state === "failed" ? "failed" : "skipped";
  return { name: id, ms: duration_ms, verdict, reason: `${state}${reason === null ? "" : `: ${reason}`}` };
}

/** A failure that keeps the run from nothing is none: whoever reads the report would hold the run for red. */
function gateCase(gate: Proof["gates"][number]): Case {
  const { name, task_id, result, duration_ms, reason } = gate;
  const mayFail = result === "failed" && (gate.allow_fail || !gate.required);
  const verdict = result === "passed" ? "passed" : result === "failed" && !mayFail ? "failed" : "skipped";
  const what = `${result.replace("_", " ")}${mayFail ? ", and is not required" : ""}`;
  return {
    name: task_id === null ? name : `${name} of ${task_id}`,
    ms: duration_ms,
    verdict,
    reason: reason === null ? what : `${what}: ${reason}`,
  };
}

function suiteOf(name: string, cases: readonly Case[]) {
  return { "@_name": name, ...countsOf(cases), testcase: cases.map((each) => caseOf(name, each)) };
}

function caseOf(suite: string, { name, ms, verdict, reason }: Case) {
  return {
    "@_classname": suite,
    "@_name": clean(name),
    "@_time": seconds(ms ?? 0),
    ...(verdict === "failed" ? { failure: { "@_message": clean(reason) } } : {}),
    ...(verdict === "skipped" ? { skipped: { "@_message": clean(reason) } } : {}),
  };
}

function countsOf(cases: readonly Case[]) {
  const count = (verdict: Case["verdict"]) => cases.filter((each) => each.verdict === verdict).length;
  return {
    "@_tests": cases.length,
    "@_failures": count("failed"),
    "@_errors": 0,
    "@_skipped": count("skipped"),
    "@_time": seconds(cases.reduce((sum, { ms }) => sum + (ms ?? 0), 0)),
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll(NOT_IN_XML, "?");
}
