/** Gates: their names, their commands, and that tasks name gates that can judge an attempt. */

import { canonicalJson } from "../../canonical_json.ts";
import { commandProblem } from "../command.ts";
import { fieldScopes, isRefused, type PlanDraft } from "../draft.ts";
import { canJudgeMerges } from "../merge_gates.ts";
import { type Finding, type PlanPath, quote } from "../problem.ts";
import type { GateInput } from "../gate_schema.ts";
import { createSuggester } from "../suggest.ts";

/** A name becomes part of a file name, and of what is typed on the command line. */
const GATE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._:-]{0,62}[A-Za-z0-9])?$/;

/** Checks the plan's gates and those that tasks name or define. */
export function checkGates(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const known = new Map<string, Partial<GateInput>>();
  const places = new Map<string, number>();
  for (const [at, gate] of (draft.gates ?? []).entries()) {
    const path = ["gates", at];
    findings.push(...checkGate(path, gate));
    if (gate.name === undefined) continue;
    if (known.has(gate.name)) {
      findings.push(nameTaken([...path, "name"], gate.name, ["gates", places.get(gate.name) ?? 0, "name"]));
    } else {
      known.set(gate.name, gate);
      places.set(gate.name, at);
    }
  }
  // Where the list itself could not be understood, nothing is known about the names.
  const references = isRefused(draft, "gates") ? undefined : known;
  return [...findings, ...checkTaskGates(draft, references), ...checkGateEach(draft)];
}

/** Without a gate that judges merges, `gate_each` would promise what nobody keeps. */
function checkGateEach({ gate_each, gates }: PlanDraft): Finding[] {
  const isOff = gate_each === undefined || gate_each === "off";
  if (isOff || gates === undefined || gates.some(canJudgeMerges)) return [];
  return [{
    code: "conflict",
    path: ["gate_each"],
    message: `"gate_each" is ${quote(gate_each)}, and the plan has no gate that judges merges`,
    hint:
      'name a gate of scope "run" that is required, without "allow_fail" and "skip", or remove "gate_each"',
  }];
}

/** Gates of scope `task` that no task names: they would never run. */
export function findUnusedGates(draft: PlanDraft): Finding[] {
  const used = new Set<string>();
  for (const { fields } of fieldScopes(draft)) {
    const { loop, gates = [] } = fields;
    for (const gate of loop === undefined ? gates : [...gates, loop.until]) {
      used.add(typeof gate === "string" ? gate : gate.name);
    }
  }
  return (draft.gates ?? []).flatMap((gate, at) =>
    gate.scope === "task" && gate.name !== undefined && !used.has(gate.name) ? [unused(at, gate.name)] : []
  );
}

function unused(at: number, name: string): Finding {
  return {
    code: "unused",
    path: ["gates", at],
    message: `no task names the gate ${quote(name)}, so it never runs`,
    hint: 'name it in "gates" of a task, or give it "scope": "run"',
  };
}

/** `first`: where the gate that has the name already stands, if that is known. */
function nameTaken(path: PlanPath, name: string, first?: PlanPath): Finding {
  return {
    code: "duplicate_name",
    path,
    message: `there is another gate named ${quote(name)}`,
    hint: "give each gate a name of its own",
    ...(first === undefined ? {} : { related: { what: "the first one is", at: first } }),
  };
}

function checkTaskGates(
  draft: PlanDraft,
  known: ReadonlyMap<string, Partial<GateInput>> | undefined,
): Finding[] {
  const findings: Finding[] = [];
  const defined = new Map<string, string>();
  const suggestGate = createSuggester(() => known?.keys() ?? []);
  for (const { path: scope, fields } of fieldScopes(draft)) {
    const seen = new Set<string>();
    for (const [at, gate] of (fields.gates ?? []).entries()) {
      const path = [...scope, "gates", at];
      const name = typeof gate === "string" ? gate : gate.name;
      if (seen.has(name)) {
        const message = `the gate ${quote(name)} is listed twice`;
        findings.push({ code: "duplicate_name", path, message, hint: "remove one of the two" });
      }
      seen.add(name);
      if (typeof gate !== "string") {
        findings.push(...checkGate(path, gate), ...checkDefinition(path, gate, known, defined));
      } else if (known !== undefined) {
        findings.push(...checkReference(path, gate, known, suggestGate));
      }
    }
    if (fields.loop?.until === undefined) continue;
    const path = [...scope, "loop", "until"];
    const { until } = fields.loop;
    if (typeof until !== "string") {
      findings.push(...checkGate(path, until), ...checkDefinition(path, until, known, defined));
    } else if (known !== undefined) findings.push(...checkReference(path, until, known, suggestGate));
    findings.push(...checkUntil(path, typeof until === "string" ? known?.get(until) : until, seen));
  }
  return findings;
}

/** A loop ends by its gate's verdict, so the gate must give one, and only the loop may ask for it. */
function checkUntil(
  path: PlanPath,
  gate: Partial<GateInput> | undefined,
  others: ReadonlySet<string>,
): Finding[] {
  if (gate?.name === undefined) return [];
  const conflict = (message: string, hint: string): Finding => ({ code: "conflict", path, message, hint });
  if (others.has(gate.name)) {
    const message = `the gate ${quote(gate.name)} ends the loop already`;
    return [conflict(message, 'remove it from "gates" of the task')];
  }
  const weakness = gate.skip === true
    ? '"skip"'
    : gate.allow_fail === true
    ? '"allow_fail"'
    : gate.required === false
    ? '"required": false'
    : undefined;
  if (weakness === undefined) return [];
  const message = `the gate ${quote(gate.name)} has ${weakness}, so the loop would not wait for it to pass`;
  return [conflict(message, `remove ${weakness} from the gate, or name another one`)];
}

/** A name stands for one definition in the whole plan, as reports and breakers go by the name. */
function checkDefinition(
  path: PlanPath,
  gate: GateInput,
  known: ReadonlyMap<string, Partial<GateInput>> | undefined,
  defined: Map<string, string>,
): Finding[] {
  const text = canonicalJson(gate);
  const isTaken = known?.has(gate.name) === true || (defined.get(gate.name) ?? text) !== text;
  defined.set(gate.name, text);
  const findings: Finding[] = [];
  if (isTaken) {
    findings.push(nameTaken([...path, "name"], gate.name));
  }
  if (gate.scope === "run") {
    const message = 'a gate that a task defines has the scope "task"';
    findings.push({ code: "conflict", path: [...path, "scope"], message, hint: 'remove "scope"' });
  }
  return findings;
}

function checkReference(
  path: PlanPath,
  name: string,
  known: ReadonlyMap<string, Partial<GateInput>>,
  suggestGate: (name: string) => string | undefined,
): Finding[] {
  const gate = known.get(name);
  if (gate === undefined) {
    const suggestion = suggestGate(name);
    return [{
      code: "unknown_name",
      path,
      message: `${quote(name)} is no gate of the plan`,
      ...(suggestion === undefined
        ? { hint: 'define it in "gates" of the plan, with "scope": "task"' }
        : { suggestion }),
    }];
  }
  if (gate.scope === "task") return [];
  return [{
    code: "conflict",
    path,
    message: `the gate ${quote(name)} has the scope "run": it judges the work of all tasks together`,
    hint: 'give it "scope": "task", or remove it here',
  }];
}

function checkGate(path: PlanPath, gate: Partial<GateInput>): Finding[] {
  const findings: Finding[] = [];
  if (gate.name !== undefined && !GATE_NAME.test(gate.name)) {
    findings.push({
      code: "wrong_form",
      path: [...path, "name"],
      message: `${quote(gate.name)} cannot be the name of a gate`,
      hint:
        'use 1 to 64 letters, digits, spaces, ".", "_", ":" and "-", beginning and ending with a letter or digit',
    });
  }
  const problem = gate.command === undefined ? undefined : commandProblem(gate.command);
  if (problem !== undefined) {
    findings.push({ code: "wrong_form", path: [...path, "command"], message: `"command" ${problem}` });
  }
  return findings;
}
