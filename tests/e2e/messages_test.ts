/** What omk says where something is wrong: every message as it was last reviewed. */

import { assert } from "@std/assert";
import { Snapshots } from "../snapshot.ts";
import { Sandbox } from "./harness.ts";

/** Calls that fail in an empty directory, by name. */
const NOWHERE: Readonly<Record<string, readonly string[]>> = {
  "no command": [],
  "unknown command": ["rnu"],
  "unknown option of omk": ["--wat"],
  "half a command": ["log"],
  "unknown option": ["run", "--worker", "2"],
  "option without its value": ["run", "--workers"],
  "option with no number": ["run", "--workers", "many"],
  "option with a wrong choice": ["run", "--output", "groups"],
  "too many arguments": ["status", "a", "b"],
  "too few arguments": ["explain"],
  "no plan": ["run"],
  "no such plan": ["run", "nope.jsonc"],
  "no runs": ["status"],
  "unknown topic": ["help", "prof"],
  "unknown shell": ["completions", "tcsh"],
  "unknown schema": ["schema", "plna"],
  "no such log": ["log", "verify", "nope.jsonl"],
};

/** Calls that fail in a repository with a run that is ready, by name. */
const READY: Readonly<Record<string, readonly string[]>> = {
  "options that exclude each other": ["run", "--quiet", "--verbose"],
  "no such run": ["show", "20200101-000000-zzzz"],
  "no such task": ["logs", "mkae"],
  "no such gate": ["logs", "--gate", "tset"],
  "resume of a finished run": ["resume"],
  "retry of what is completed": ["retry", "make"],
  "retry of nothing": ["retry"],
  "answer that nobody waits for": ["answer", "make", "yes"],
  "pause of a finished run": ["pause"],
  "cancel of a finished run": ["cancel"],
  "merge into no branch": ["merge", "--into", "nope"],
  "unknown kind": ["events", "--kind", "task_claimd"],
  "no time": ["events", "--since", "yesterday"],
  "unknown status": ["list", "--status", "redy"],
  "budget of what": ["budget", "add"],
  "append to the log of a run": ["log", "append", "RUN/events.jsonl"],
};

/** The message with what differs from machine to machine and run to run in one form. */
function reviewed(text: string, sandbox: Sandbox, runId: string): string {
  return text.replaceAll(sandbox.root, "ROOT").replaceAll(runId === "" ? "\0" : runId, "RUN_ID")
    .replaceAll(/\b[0-9a-f]{40}\b/g, "COMMIT").replaceAll(/\d{8}-\d{6}-[0-9a-z]{4}/g, "OTHER_RUN")
    .replaceAll(/state\/omk\/[0-9a-f]{16}/g, "state/omk/HASH");
}

Deno.test("every message about a wrong call says what, why and what to do, as it was last reviewed", async () => {
  const snapshots = new Snapshots("messages");
  await using nowhere = await Sandbox.create();
  await using ready = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "test", command: "true" }],
    tasks: [{ id: "make", run: "echo x > x.txt" }],
  });
  await ready.omkEnds(0, ["run"]);
  const runId = await ready.runId();
  const told: string[] = [];
  for (const [sandbox, calls] of [[nowhere, NOWHERE], [ready, READY]] as const) {
    // One after the other: two calls that take over a run would meet.
    for (const [name, words] of Object.entries(calls)) {
      const given = words.map((word) => word.replace("RUN", `.git/omk/runs/${runId}`));
      const { code, stderr } = await sandbox.omk(given);
      assert(code !== 0, `${name}: omk ${given.join(" ")} ended with 0`);
      const said = reviewed(stderr, sandbox, sandbox === ready ? runId : "");
      told.push(`${name} (${code}): omk ${words.join(" ")}\n${said}`);
    }
  }
  await snapshots.check("wrong_calls.txt", told.join("\n"));
});
