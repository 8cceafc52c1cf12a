/** Logs, proofs and artifacts that somebody has edited, and facts that somebody has forged. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { appears, quoted } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { read } from "./reading.ts";
import { assertUntouched, userState } from "./user_state.ts";

/**
 * Appends a fact to the newest run's log, as well-formed as the controller's own: the next index, the sum of the commit
 * before it, and a sum that holds. Arguments: project, kind, subject, payload; the payload may name `@tree` and
 * `@commit` of the run's head.
 */
const FORGE = String.raw`#!/bin/sh
set -e
cd "$1"
log=$(ls -d .git/omk/runs/2*/events.jsonl | tail -n 1)
# Under the lock of the log, as honest writers append: this is about the fact, not about a race.
lock=$(dirname "$log")/events.lock
test -n "$LOCKED" || LOCKED=1 exec flock "$lock" sh "$0" "$@"
last=$(tail -n 1 "$log")
field() { printf '%s' "$last" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
index=$(printf '%s' "$last" | sed -n 's/^{"index":\([0-9]*\).*/\1/p')
run=$(field run_id)
prev=$(field sum)
head=refs/omk/$run/head
payload=$(printf '%s' "$4" | sed "s/@tree/$(git rev-parse $head^{tree})/; s/@commit/$(git rev-parse $head)/")
line='{"index":'$((index + 1))',"id":"01a1f000-0000-7000-8000-000000000000","run_id":"'$run'","ts":"'$(field ts)'","schema_version":1,"kind":"'$2'","subject":"'$3'","actor":"controller/1","payload":'$payload',"prev":"'$prev'","commit":1'
sum=$(printf '%s' "$line" | sha256sum | cut -c 1-64)
printf '%s,"sum":"%s"}\n' "$line" "$sum" >> "$log"
echo forged
`;

/** A verdict on the run's head that the gate "look" has not given. */
const GATE_PASSED = {
  gate: "look",
  scope: "run",
  run_number: 1,
  required: true,
  tree: "@tree",
  commit: "@commit",
  task_id: null,
  token: null,
  definition: "0".repeat(64),
  exit_code: 0,
  signal: null,
  timed_out: false,
  duration_ms: 1,
  output: null,
  changed: [],
  untracked: [],
  counts: null,
};

/** The command that forges a fact in the sandbox's newest run. */
function forge(sandbox: Sandbox, kind: string, subject: string, payload: unknown): string {
  return `sh ${sandbox.root}/forge.sh ${sandbox.project} ${kind} ${subject} ${
    quoted(JSON.stringify(payload))
  }`;
}

/** A repository with the script that forges. */
async function sandboxWithForge(): Promise<Sandbox> {
  const sandbox = await Sandbox.withRepository();
  await sandbox.write({ "../forge.sh": FORGE });
  return sandbox;
}

/** A plan with a task that forges while another one runs, and omk has nothing to append. */
async function forgingSandbox(kind: string, subject: string, payload: unknown): Promise<Sandbox> {
  const sandbox = await sandboxWithForge();
  const log = `${sandbox.project}/.git/omk/runs/2*/events.jsonl`;
  await sandbox.plan({
    version: 1,
    gates: [{ name: "look", command: "false" }],
    tasks: [
      {
        id: "forges",
        run: `while test $(grep -c task_started ${log}) -lt 2; do sleep 0.02; done
          echo work > work.txt; ${forge(sandbox, kind, subject, payload)}`,
      },
      { id: "other", run: "sleep 1000" },
      { id: "after", run: "true", dependencies: ["forges"] },
    ],
  });
  return sandbox;
}

let ready: Promise<Sandbox> | undefined;

/** A finished, ready run, made for the first test that asks; a test puts back what it changes. */
function readyRun(): Promise<Sandbox> {
  return ready ??= makeReadyRun();
}

Deno.test.afterAll(async () => {
  await (await ready)?.[Symbol.asyncDispose]();
});

async function makeReadyRun(): Promise<Sandbox> {
  const sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "echo looked; test -e new.txt" }],
    tasks: [{
      id: "write",
      run: `echo wrote; echo new > new.txt; echo '{"status":"success","summary":"as asked"}' > "$OMK_RESULT"`,
    }],
  });
  await sandbox.omkEnds(0, ["run"]);
  await sandbox.omkEnds(0, ["verify"]);
  return sandbox;
}

Deno.test("P7: a fact that a task forges stops the run: its tasks are ended, exit code 5, and nothing can be delivered", async () => {
  await using sandbox = await forgingSandbox("gate_passed", "run", GATE_PASSED);
  const before = await userState(sandbox);
  const { stdout, stderr } = await sandbox.omkEnds(5, ["run"]);
  assertMatch(stdout + stderr, /tampered.*not written by omk/s);
  assertEquals(sandbox.processes(), []);
  const events = await sandbox.events();
  const forged = events.find((event) => event.kind === "gate_passed");
  assertEquals((await sandbox.payloads("log_tampered"))[0]?.at, forged?.index);
  assertEquals(events.filter((event) => event.kind === "task_claimed").length, 2);
  const status = await sandbox.omkJson(["status"]);
  assertEquals([status.status, status.exit_code], ["failed_infra", 5]);
  const verify = await sandbox.omkEnds(1, ["verify"]);
  assertMatch(verify.stdout + verify.stderr, new RegExp(`event ${forged?.index}`));
  await sandbox.omkEnds(2, ["resume"]);
  for (const args of [["merge"], ["merge", "--anyway"]]) {
    const merge = await sandbox.omk(args);
    assert(merge.code !== 0, merge.stdout);
  }
  const pin = `refs/omk/${await sandbox.runId()}/task/forges/1/pin`;
  assertEquals(await sandbox.git("show", `${pin}:work.txt`), "work");
  await assertUntouched(sandbox, before);
});

Deno.test("P7: a gate that forges its own success, as the fold would believe it, stops the run too", async () => {
  await using sandbox = await sandboxWithForge();
  await sandbox.plan({
    version: 1,
    gates: [{ name: "look", command: `${forge(sandbox, "gate_passed", "run", GATE_PASSED)}; sleep 1000` }],
    tasks: [{ id: "write", run: "echo new > new.txt" }],
  });
  const { stdout } = await sandbox.omkEnds(5, ["run"]);
  assertMatch(stdout, /tampered/);
  assertEquals(sandbox.processes(), []);
  const forged = (await sandbox.events()).find((event) => event.kind === "gate_passed");
  assertEquals((await sandbox.payloads("log_tampered"))[0]?.at, forged?.index);
  assertEquals((await sandbox.omkJson(["status"])).status, "failed_infra");
  const verify = await sandbox.omkEnds(1, ["verify"]);
  assertMatch(verify.stdout + verify.stderr, new RegExp(`event ${forged?.index}`));
  assert((await sandbox.omk(["merge", "--anyway"])).code !== 0);
});

Deno.test("P7: whatever fact a task forges, the run stops with exit code 5 and is neither ready nor delivered", async () => {
  // The other facts are forged without processes, at every moment of a run.
  const facts: readonly (readonly [kind: string, subject: string, payload: unknown])[] = [
    ["run_finished", "run", { status: "ready", exit_code: 0 }],
    ["task_blocked", "task/after", { task_id: "after", causes: [], reason: "no reason" }],
  ];
  for (const [kind, subject, payload] of facts) {
    await using sandbox = await forgingSandbox(kind, subject, payload);
    const { stdout, stderr } = await sandbox.omkEnds(5, ["run"]);
    assertStringIncludes(stdout, "tampered", kind + stderr);
    assertEquals(sandbox.processes(), [], kind);
    const forged = (await sandbox.events()).find((event) => event.id.startsWith("01a1f000"));
    assertEquals((await sandbox.payloads("log_tampered"))[0]?.at, forged?.index, kind);
    const status = JSON.parse((await read(sandbox, ["status", "--json"])).stdout);
    assertEquals(status.standing, "failed_infra", kind);
    assertEquals((await read(sandbox, ["verify"])).code, 1, kind);
    assert((await sandbox.omk(["merge"])).code !== 0, kind);
  }
});

Deno.test("P2: an edited log is refused by name and line, by every command, and nothing is written to it", async () => {
  const sandbox = await readyRun();
  const directory = await sandbox.runDirectory();
  const path = `${directory}/events.jsonl`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace('"exit_code":0', '"exit_code":1'));
  const edited = await Deno.readTextFile(path);
  const line = 1 + edited.split("\n").findIndex((each, at) => each !== text.split("\n")[at]);
  const verify = await sandbox.omk(["log", "verify"]);
  assertEquals(verify.code, 11, verify.stdout + verify.stderr);
  assertStringIncludes(verify.stdout + verify.stderr, "corrupt");
  assertMatch(verify.stdout + verify.stderr, new RegExp(`events\\.jsonl:${line}|line ${line}\\b`));
  for (const args of [["status"], ["events"], ["merge"], ["resume"], ["cancel"], ["show"]]) {
    const { code, stderr } = await sandbox.omk(args);
    assertEquals(code, 5, `omk ${args}: ${stderr}`);
    assertMatch(stderr, /^error: .*events\.jsonl/m);
  }
  const proof = await sandbox.omkEnds(1, ["verify"]);
  assertMatch(proof.stdout + proof.stderr, /log/);
  assertEquals(await Deno.readTextFile(path), edited);
  await sandbox.omkEnds(0, ["list"]);
  await Deno.writeTextFile(path, text);
});

Deno.test("omk verify fails for whatever was changed after the proof, and names it", async () => {
  const sandbox = await readyRun();
  const directory = await sandbox.runDirectory();
  const id = await sandbox.runId();
  const files = (await Array.fromAsync(Deno.readDir(`${directory}/gates`), (entry) => entry.name)).sort();
  const edits: readonly (readonly [path: string, from: string, to: string, named: RegExp])[] = [
    ["proof.json", '"ready"', '"passed"', /proof/],
    ["proof.json", "\n", "\n\n", /proof/],
    ["plan.json", "test -e new.txt", "true", /plan/],
    ["delivered.patch", "+new", "+old", /delivered\.patch|patch/],
    [`gates/${files[0]}`, "looked", "passed", new RegExp(`gates/${files[0]?.replaceAll(".", "\\.")}`)],
    ["tasks/write/1/output.log", "wrote", "lied!", /tasks\/write\/1\/output\.log/],
    ["tasks/write/1/result.json", "asked", "liked", /tasks\/write\/1\/result\.json/],
  ];
  for (const [path, from, to, named] of edits) {
    const text = await Deno.readTextFile(`${directory}/${path}`);
    const edited = text.replace(from, to);
    if (edited === text) throw new Error(`${path} does not hold ${from}`);
    await Deno.writeTextFile(`${directory}/${path}`, edited);
    const { code, stdout, stderr } = await read(sandbox, ["verify"]);
    assertEquals(code, 1, path);
    assertMatch(stdout + stderr, named, path);
    await Deno.writeTextFile(`${directory}/${path}`, text);
  }
  await Deno.rename(`${directory}/delivered.patch`, `${directory}/gone`);
  const { ok, exit_code, first_failure } = JSON.parse((await read(sandbox, ["verify", "--json"])).stdout);
  assertEquals([ok, exit_code], [false, 1]);
  assertMatch(first_failure.detail, /delivered\.patch/);
  await Deno.rename(`${directory}/gone`, `${directory}/delivered.patch`);
  const head = await sandbox.git("rev-parse", `refs/omk/${id}/head`);
  await sandbox.git("update-ref", `refs/omk/${id}/head`, "main");
  const moved = await read(sandbox, ["verify"]);
  assertEquals(moved.code, 1);
  assertMatch(moved.stdout, new RegExp(`refs/omk/${id}/head|head`));
  await sandbox.git("update-ref", `refs/omk/${id}/head`, head);
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("omk verify still holds after the delivery, and in a clone that fetched the refs of omk", async () => {
  const sandbox = await readyRun();
  await sandbox.omkEnds(0, ["merge"]);
  await sandbox.commit("later", { "later.txt": "later\n" });
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.git("clone", "--quiet", ".", "../clone");
  await sandbox.git("-C", "../clone", "fetch", "--quiet", "origin", "refs/omk/*:refs/omk/*");
  const { stdout } = await sandbox.omkEnds(0, ["verify", await sandbox.runDirectory()], {
    cwd: `${sandbox.root}/clone`,
  });
  assertMatch(stdout, /verified/);
});

Deno.test("P2 P7: behind a killed run a forged fact keeps it from being resumed, and a torn line is cut, kept, and goes on", async () => {
  await using sandbox = await sandboxWithForge();
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: [{
      id: "one",
      run: `touch ${sandbox.root}/runs; test $OMK_ATTEMPT -gt 1 || sleep 1000; echo done > done.txt`,
    }],
  });
  const omk = sandbox.start(["run"]);
  await appears(`${sandbox.root}/runs`);
  omk.kill("SIGKILL");
  await omk.ended;
  await sandbox.becomesQuiet();
  const path = `${await sandbox.runDirectory()}/events.jsonl`;
  const left = await Deno.readTextFile(path);
  assertEquals((await sandbox.sh(forge(sandbox, "gate_passed", "run", GATE_PASSED))).stdout, "forged\n");
  const { stderr } = await sandbox.omkEnds(2, ["resume"]);
  assertMatch(stderr, /its log holds facts that its controller did not write/);
  assertEquals((await read(sandbox, ["verify"])).code, 1);

  const torn = '{"index":99,"id":"01a1f';
  await Deno.writeTextFile(path, left + torn);
  assertEquals(JSON.parse((await read(sandbox, ["status", "--json"])).stdout).standing, "interrupted");
  await sandbox.omkEnds(0, ["resume"]);
  assertEquals(await sandbox.git("show", `refs/omk/${await sandbox.runId()}/head:done.txt`), "done");
  assertEquals((await sandbox.payloads("log_repaired")).length, 1);
  assertEquals((await sandbox.sh(`cat ${await sandbox.runDirectory()}/events.torn-*`)).stdout, torn);
  assertEquals((await read(sandbox, ["verify"])).code, 0);
});
