/** What gates and breakers of the earlier omk could do (1.4 of the list), and their bugs (3.4): none of those is here. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { COMMON_OPTIONS } from "../../src/cli/command.ts";
import { lookUpCommand } from "../../src/cli/find_command.ts";
import { detectGates } from "../../src/gates/detect.ts";
import {
  BREAKER_RECOVERY_MS,
  BREAKER_THRESHOLD,
  breakerOf,
  mayRunGate,
} from "../../src/scheduler/breaker.ts";
import { reviewOutcome } from "../../src/worker/review/review_outcome.ts";
import { TimeLimit, withGates } from "../gates/fixture.ts";
import { planOf, problemsOf } from "../plan/fixture.ts";
import { fileWithLine } from "../process/fixture.ts";
import { Ledger, makeGate, makeOutcome, makePlan, makeTask } from "../run/fixture.ts";
import { Rig } from "../run/rig.ts";

const TASKS = [{ id: "a", run: "true" }];

/** The commands of the gates of a project of these files, on a machine with these programs; and what was left out. */
async function detected(files: Readonly<Record<string, string>>, programs: readonly string[]) {
  const { gates, notes } = await detectGates({
    exists: (path) => Promise.resolve(Object.hasOwn(files, path)),
    read: (path) => Promise.resolve(files[path] ?? ""),
    list: () => Promise.resolve(Object.keys(files)),
  }, (name) => Promise.resolve(programs.includes(name)));
  return { gates, notes, commands: gates.map(({ command }) => command) };
}

Deno.test("gates config 1.4: names are unique and not empty, gates are required, limited in time, and may fail or be skipped", async () => {
  const { gates } = await planOf({
    gates: [{ name: "test", command: ["cargo", "test"] }, {
      name: "lint",
      command: "x",
      allow_fail: true,
      skip: true,
    }],
    tasks: TASKS,
  });
  assertEquals(gates?.map(({ required, allow_fail, skip }) => [required, allow_fail, skip]), [
    [true, false, false],
    [true, true, true],
  ]);
  assert((gates?.[0]?.timeout_secs ?? 0) >= 300, "3.4.3: the default is enough for a test suite");
  const problems = await problemsOf({
    gates: [
      { name: "", command: "x" },
      { name: "a", command: "x", timeout_secs: 0 },
      { name: "a", command: "x" },
    ],
    tasks: TASKS,
  });
  assertEquals(problems.length, 3, problems.join("\n"));
});

Deno.test("gates/detect.rs 1.4, bug 3.4.1: every kind of project counts, what is not there is left out and told, and gofmt fails by its output", async () => {
  const files = {
    "Cargo.toml": "",
    "package.json": '{"scripts": {"test": "vitest"}}',
    "go.mod": "",
    "requirements.txt": "pytest\nflake8\n",
  };
  const all = await detected(files, [
    "cargo",
    "rustfmt",
    "cargo-clippy",
    "npm",
    "go",
    "gofmt",
    "pytest",
    "flake8",
  ]);
  const text = all.commands.join("\n");
  for (
    const each of [
      "cargo fmt --check",
      "cargo clippy",
      "cargo test",
      "npm run test",
      "go vet",
      "go test",
      "pytest",
      "flake8",
    ]
  ) {
    assert(text.includes(each), `${each} is in:\n${text}`);
  }
  assertEquals(all.gates.find(({ command }) => command === "gofmt -l .")?.output_fails, true);
  assertEquals(all.commands.includes("npm run lint"), false, "the project has no such script");
  const linted = await detected({ "package.json": '{"scripts": {"lint": "eslint ."}}' }, ["npm"]);
  assertEquals(linted.commands, ["npm run lint"]);
  const without = await detected(files, ["npm"]);
  assertEquals(without.commands, ["npm run test"]);
  assertMatch(without.notes.join("\n"), /cargo is not on the PATH/);
});

Deno.test("gates/detect.rs bug 3.4.1: gates that are written wrong stop the run, and no others are taken for them", async () => {
  const problems = await problemsOf({ gates: [{ name: "test", comand: "npm test" }], tasks: TASKS });
  assertMatch(problems.join("\n"), /unknown field "comand"; did you mean "command"\?/);
});

Deno.test("gates breaker 1.4: five failures of the machine open it, 30 s later one run is let through, and a verdict closes it", () => {
  const ledger = new Ledger(makePlan([makeTask("a")], { gates: [makeGate()] })).start();
  const { run } = ledger.state;
  const at = (ms: number) => breakerOf(run, "test", ledger.now + ms).state;
  assertEquals([BREAKER_THRESHOLD, BREAKER_RECOVERY_MS], [5, 30_000]);
  assertEquals(at(0), "closed");
  run.gate_troubles = [{ gate: "test", infra_failures: 4, failed_at: ledger.now }];
  assertEquals(at(0), "closed");
  run.gate_troubles = [{ gate: "test", infra_failures: 5, failed_at: ledger.now }];
  assertEquals([at(0), at(29_999), at(30_000)], ["open", "open", "half_open"]);
  assertEquals([mayRunGate(run, "test", ledger.now), mayRunGate(run, "test", ledger.now + 30_000)], [
    false,
    true,
  ]);
});

Deno.test("gates/run.rs bug 3.4.2: time-outs count, an open breaker is no verdict, what is skipped asks none, and words in the output hide nothing", async () => {
  let runs = 0;
  const gates = [
    makeGate({ name: "test", retries: 9 }),
    makeGate({ name: "later", skip: true, required: false }),
  ];
  const rig = new Rig(makePlan([makeTask("a")], { gates }), {
    gate: () => ++runs <= BREAKER_THRESHOLD ? "timed_out" : true,
  });
  assertEquals((await rig.run()).status, "ready");
  const results = rig.state.run.gates.map(({ gate, result }) => `${gate} ${result}`);
  assertEquals(results.filter((each) => each === "test failed").length, BREAKER_THRESHOLD);
  assertEquals(results.filter((each) => each === "later skipped").length, 1);
  await withGates(null, async ({ runner, request }) => {
    const command = "echo 'HTTP 429: too many requests, rate limit' >&2; exit 1";
    const { passed, evidence } = await runner.run(request(makeGate({ command })));
    assertEquals([passed, "infrastructure" in evidence && evidence.infrastructure], [false, false]);
    const missing = await runner.run(request(makeGate({ command: ["/nowhere/program"] })));
    assertEquals("infrastructure" in missing.evidence && missing.evidence.infrastructure, true);
  });
});

Deno.test("gates/run.rs 1.4, bug 3.4.3: a time limit ends all that a gate has started, and what it printed is kept without secrets", async () => {
  const limit = new TimeLimit();
  await withGates(null, async ({ runner, request, runDirectory, directory }) => {
    const secret = `ghp_${"a1B2".repeat(9)}`;
    const command = `sh -c 'sleep 1000 & echo $! > pid' ; echo half of ${secret}; echo x > begun; sleep 1000`;
    const running = runner.run(request(makeGate({ command, timeout_secs: limit.secs })));
    await fileWithLine(`${directory}/begun`);
    const pid = (await Deno.readTextFile(`${directory}/pid`)).trim();
    limit.end();
    const { evidence } = await running;
    assertEquals([evidence.timed_out, evidence.exit_code, evidence.required], [true, null, true]);
    assertMatch(evidence.output?.path ?? "", /^gates\/001-test\.log$/);
    assertMatch(await Deno.readTextFile(`${runDirectory}/${evidence.output?.path}`), /^half of \[REDACTED:/);
    const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "gone");
    assert(state === "gone" || / Z /.test(state), "the grandchild is dead");
  }, limit.clock);
});

Deno.test("gates verdict 1.4: a reviewer whose answer holds no verdict has passed nothing", () => {
  const judged = (reply: string) => reviewOutcome(makeOutcome("success"), reply, "0123456789ab").result;
  assertEquals(judged("VERDICT: PASS"), "findings_invalid");
  assertEquals(judged('{"review": "0123456789ab", "findings": []}'), "success");
});

Deno.test("docs bug 3.4.8: README names only commands and options that there are", async () => {
  const text = await Deno.readTextFile(fromFileUrl(new URL("../../README.md", import.meta.url)));
  const shell = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block]) => block).join("\n");
  const spans = [...text.matchAll(/`(omk [^`\n]+)`/g), ...shell.matchAll(/^(omk [^\n#]+)/gm)]
    .map(([, span]) => span ?? "");
  assert(spans.length > 100, `${spans.length} command lines`);
  for (const span of new Set(spans)) {
    const words = span.split(/\s+/);
    if (!/^[a-z]/.test(words[1] ?? "")) continue;
    const found = lookUpCommand(words, 1);
    assert(found !== undefined, `there is a command for "${span}"`);
    const known = [...(await found.entry.load()).options, ...COMMON_OPTIONS].map(({ name }) => name);
    for (const [, option = ""] of span.matchAll(/(?:^|[\s[])--([a-z][a-z-]*)/g)) {
      assert(known.includes(option), `omk ${found.entry.name} has the option --${option} of "${span}"`);
    }
  }
});
