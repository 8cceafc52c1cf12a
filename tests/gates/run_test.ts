import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { canonicalJson } from "../../src/canonical_json.ts";
import { sha256, sha256OfFile } from "../../src/digest.ts";
import type { GateRequest, GateResult } from "../../src/gates/port.ts";
import { KINDS } from "../../src/log/kinds.ts";
import { fileWithLine } from "../process/fixture.ts";
import { TestRepository } from "../git/fixture.ts";
import { makeGate, TimeLimit, withGates } from "./fixture.ts";

/** The reason and class of a failure; null for a gate that passed. */
function failureOf(result: GateResult): { reason: string; infrastructure: boolean } | null {
  if (result.passed) return null;
  const { reason, infrastructure } = result.evidence;
  return { reason, infrastructure };
}

Deno.test("GateRunner.run() gives evidence that the log takes", async () => {
  await withGates(null, async ({ runner, request, runDirectory }) => {
    const gate = makeGate({ name: "unit tests/é", command: "echo out; echo err >&2" });
    const result = await runner.run(request(gate, { runNumber: 3 }));
    assert(result.passed);
    const { evidence } = result;
    KINDS.gate_passed.payload.parse(evidence);
    assertEquals(evidence.output?.path, "gates/001-unit-tests-.log");
    assertEquals(
      evidence.output?.sha256,
      (await sha256OfFile(`${runDirectory}/${evidence.output?.path}`)).sha256,
    );
    assertEquals(evidence.definition, sha256(canonicalJson(gate)));
    const { gate: name, scope, run_number, required, tree, commit, task_id, token, exit_code, timed_out } =
      evidence;
    assertEquals(
      { name, scope, run_number, required, tree, commit, task_id, token, exit_code, timed_out },
      {
        name: gate.name,
        scope: "run",
        run_number: 3,
        required: true,
        tree: null,
        commit: null,
        task_id: null,
        token: null,
        exit_code: 0,
        timed_out: false,
      },
    );
    const failed = await runner.run(
      request(makeGate({ command: "exit 3" }), { task: { id: "a", token: 7 } }),
    );
    KINDS.gate_failed.payload.parse(failed.evidence);
    assertEquals(failureOf(failed), { reason: "exited with 3", infrastructure: false });
    assertEquals(failed.evidence.task_id, "a");
    assertEquals(failed.evidence.token, 7);
    assertEquals(failed.evidence.output?.path, "gates/002-test.log");
  });
});

Deno.test("P8: GateRunner.run() takes the verdict from exit, signal, output and machine alone", async () => {
  await withGates(null, async ({ runner, request, directory }) => {
    const verdict = async (changes: Parameters<typeof makeGate>[0], more: Partial<GateRequest> = {}) =>
      failureOf(await runner.run(request(makeGate(changes), more)));
    assertEquals(await verdict({ command: "echo 'all passed'; exit 1" }), {
      reason: "exited with 1",
      infrastructure: false,
    });
    assertEquals(await verdict({ command: "echo listed.go", output_fails: true }), {
      reason: 'printed output, and any output counts as failure ("listed.go")',
      infrastructure: false,
    });
    assertEquals(await verdict({ command: "true", output_fails: true }), null);
    assertEquals(await verdict({ command: "kill -SEGV $$" }), {
      reason: "was ended by SIGSEGV",
      infrastructure: false,
    });
    assertEquals(await verdict({ command: "sh -c 'kill -TERM $$'; exit $?" }), {
      reason: "exited with 143 (SIGTERM)",
      infrastructure: false,
    });
    const missing = await verdict({ command: "no-such-program-of-omk" });
    assertMatch(
      missing?.reason ?? "",
      /^exited with 127: a program was not found \(".*no-such-program-of-omk.*"\)$/,
    );
    assertEquals(missing?.infrastructure, false);
    const unstarted = await verdict({ command: ["no-such-program-of-omk"] });
    assertMatch(unstarted?.reason ?? "", /^could not be started: .*no-such-program-of-omk/);
    assertEquals(unstarted?.infrastructure, true);
    const nowhere = await verdict({}, { directory: `${directory}/gone` });
    assertMatch(nowhere?.reason ?? "", /^could not be started: /);
    assertEquals(nowhere?.infrastructure, true);
    const uncommitted = await verdict({}, { commit: "0".repeat(40), tree: "0".repeat(40) });
    assertMatch(uncommitted?.reason ?? "", /^could not be run: commit 0+ is in no repository that is open$/);
  });
});

Deno.test("GateRunner.run() keeps what a gate printed before its time was over", async () => {
  const limit = new TimeLimit();
  await withGates(null, async ({ runner, request, runDirectory, directory }) => {
    const gate = makeGate({ command: "echo begun; echo x > begun; sleep 1000", timeout_secs: limit.secs });
    const running = runner.run(request(gate));
    await fileWithLine(`${directory}/begun`);
    limit.end();
    const result = await running;
    assertEquals(failureOf(result), { reason: "did not end within 600 s", infrastructure: true });
    assertEquals(result.evidence.timed_out, true);
    assertEquals(await Deno.readTextFile(`${runDirectory}/${result.evidence.output?.path}`), "begun\n");
  }, limit.clock);
});

Deno.test("P9: GateRunner.run() ends a gate whose verdict nobody wants any more", async () => {
  await withGates(null, async ({ runner, request, directory }) => {
    const unwanted = new AbortController();
    const running = runner.run(
      request(makeGate({ command: "echo x > begun; sleep 1000" }), { signal: unwanted.signal }),
    );
    await fileWithLine(`${directory}/begun`);
    unwanted.abort();
    const ended = await running;
    assertEquals(failureOf(ended), {
      reason: "was ended before it came to a verdict",
      infrastructure: false,
    });
    assertEquals("ended" in ended.evidence && ended.evidence.ended, true);
    const late = await runner.run(request(makeGate({ command: "touch late" }), { signal: unwanted.signal }));
    assertEquals(failureOf(late), {
      reason: "was not run: nobody waited for its verdict any more",
      infrastructure: false,
    });
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["begun"]);
  });
});

Deno.test("GateRunner.run() gives a gate the environment of a task, without a way to report about itself", async () => {
  await withGates(null, async ({ runner, request, runDirectory }) => {
    const result = await runner.run(request(makeGate({ command: "env | grep -E '^(OMK|GIT)_' | sort" })));
    const text = await Deno.readTextFile(`${runDirectory}/${result.evidence.output?.path}`);
    assertEquals(text.split("\n").map((line) => line.split("=")[0]), [
      "OMK_ATTEMPT",
      "OMK_MARK",
      "OMK_RUN_ID",
      "OMK_TASK_ID",
      "",
    ]);
    assertStringIncludes(text, "OMK_TASK_ID=gate.test\n");
  });
});

Deno.test("P12: GateRunner.run() redacts a gate's log", async () => {
  await withGates(null, async ({ runner, request, runDirectory }) => {
    const secret = `ghp_${"a1B2".repeat(9)}`;
    const result = await runner.run(
      request(makeGate({ command: `echo token ${secret}`, output_fails: true })),
    );
    const text = await Deno.readTextFile(`${runDirectory}/${result.evidence.output?.path}`);
    assert(!text.includes(secret) && !JSON.stringify(result).includes(secret));
  });
});

Deno.test("GateRunner.run() numbers the logs of a run on, also after another process has begun", async () => {
  await withGates(null, async ({ runner, request, runDirectory }) => {
    await Deno.mkdir(`${runDirectory}/gates`);
    await Deno.writeTextFile(`${runDirectory}/gates/041-old.log`, "");
    const results = await Promise.all(
      ["..", "-x", "a".repeat(300)].map((name) => runner.run(request(makeGate({ name })))),
    );
    assertEquals(results.map((result) => result.evidence.output?.path), [
      "gates/042-gate.log",
      "gates/043-x.log",
      `gates/044-${"a".repeat(60)}.log`,
    ]);
  });
});

Deno.test("GateRunner.run() counts the tests of reports that the gate wrote, and not those that lay there", async () => {
  await withGates(null, async ({ runner, request, directory }) => {
    const counts = async (reports: readonly string[], command: string) =>
      (await runner.run(request(makeGate({ command, reports })))).evidence.counts;
    const report = "<testsuite><testcase/><testcase><failure/></testcase></testsuite>";
    const write = (path: string) => `mkdir -p $(dirname ${path}); echo '${report}' > ${path}`;
    const both = { tests: 4, failures: 2, skipped: 0 };
    assertEquals(
      await counts(["out/**/*.xml"], `${write("out/a/x.xml")}; ${write("out/y.xml")}; ${write("out/y.txt")}`),
      both,
    );
    assertEquals(await counts(["out"], "true"), null);
    assertEquals(await counts(["out", "out/y.xml"], write("out/y.xml")), {
      tests: 2,
      failures: 1,
      skipped: 0,
    });
    assertEquals(await counts(["r.xml"], "echo '<testsuite>' > r.xml"), null);
    assertEquals(await counts(["link.xml"], `ln -s ${directory}/out/y.xml link.xml`), null);
  });
});

Deno.test("P7: GateRunner.run() judges a commit in a slot, with the tree compared afterwards", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "bin/tool": "#!/bin/sh\n",
    ".gitignore": "ignored/\n",
  });
  const workspace = await repository.workspace();
  const commit = await repository.git("rev-parse", "HEAD");
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  await withGates(workspace, async ({ runner, request, runDirectory, directory }) => {
    const run = (command: string, more: Partial<GateRequest> = {}) =>
      runner.run(request(makeGate({ command }), { commit, tree, ...more }));

    const passed = await run(
      "cat a.txt; test ! -e .git/none; mkdir -p ignored deep/er; touch left ignored/x deep/er/y",
    );
    assertEquals(failureOf(passed), null);
    KINDS.gate_passed.payload.parse(passed.evidence);
    assertEquals(passed.evidence.changed, []);
    assertEquals(passed.evidence.untracked, ["deep/er/y", "ignored/x", "left"]);
    assertEquals(await Deno.readTextFile(`${runDirectory}/${passed.evidence.output?.path}`), "one\n");

    for (
      const [command, changed] of [
        ["echo two > a.txt", ["a.txt"]],
        ["chmod +x a.txt", ["a.txt"]],
        ["rm a.txt bin/tool", ["a.txt", "bin/tool"]],
        ["git update-index --skip-worktree a.txt; echo two > a.txt", ["a.txt"]],
        ["echo two > a.txt; git add -A; git -c user.name=x -c user.email=x commit -qm x", ["a.txt"]],
        ["echo TWO > a.txt; touch -r bin/tool a.txt", ["a.txt"]],
      ] as const
    ) {
      const result = await run(command);
      assertEquals(failureOf(result), {
        reason: `changed tracked files: ${changed.join(", ")}`,
        infrastructure: false,
      });
      KINDS.gate_failed.payload.parse(result.evidence);
      assertEquals(result.evidence.changed, [...changed]);
      assertEquals(result.evidence.exit_code, 0);
    }

    const red = await run("echo two > a.txt; exit 1");
    assertEquals(failureOf(red), { reason: "exited with 1", infrastructure: false });
    assertEquals(red.evidence.changed, ["a.txt"]);

    const clean = await run('test -z "$(git status --porcelain --ignored)" && grep one a.txt');
    assertEquals(failureOf(clean), null);

    const other = await run("true", { tree: "0".repeat(40) });
    assertEquals(failureOf(other), {
      reason: `could not be run: commit ${commit} has the tree ${tree}, and ${
        "0".repeat(40)
      } was to be judged`,
      infrastructure: true,
    });
    assertEquals([...Deno.readDirSync(directory)], []);
    assertEquals(await workspace.heldSlots(request(makeGate()).holder.run_id), []);
  });
});

Deno.test("GateRunner.run() sets a slot up, restores outputs, and tells a failed set-up from a failed gate", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    ".gitignore": "kept/\nout.json\n",
  });
  const workspace = await repository.workspace();
  const commit = await repository.git("rev-parse", "HEAD");
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  await withGates(workspace, async ({ runner, request, runDirectory, directory }) => {
    await Deno.writeTextFile(`${directory}/stored`, "{}");
    const restore = [{
      path: "out.json",
      source: `${directory}/stored`,
      sha256: sha256("{}"),
      executable: false,
    }];
    const worktree = { setup: "mkdir kept; touch kept/x", setup_inputs: [], keep: ["kept"], copy: [] };
    const gate = makeGate({ command: "test -e kept/x && test -e out.json && touch kept/y" });
    const passed = await runner.run(request(gate, { commit, tree, worktree, restore }));
    assertEquals(failureOf(passed), null);
    assertEquals(passed.evidence.untracked, []);

    const broken = { setup: "echo no network; exit 9", setup_inputs: [], keep: [], copy: [] };
    const failed = await runner.run(request(makeGate(), { commit, tree, worktree: broken }));
    assertMatch(failureOf(failed)?.reason ?? "", /^could not be run: .*no network/s);
    assertEquals(failureOf(failed)?.infrastructure, true);
    assertEquals(failed.evidence.exit_code, null);
    assertEquals(await Deno.readTextFile(`${runDirectory}/${failed.evidence.output?.path}`), "no network\n");
    KINDS.gate_failed.payload.parse(failed.evidence);
  });
});

Deno.test("GateRunner.run() names top directories where a gate leaves more files than an event lists", async () => {
  await using repository = await TestRepository.create();
  const workspace = await repository.workspace();
  const commit = await repository.git("rev-parse", "HEAD");
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  await withGates(workspace, async ({ runner, request }) => {
    const gate = makeGate({
      command: "mkdir -p target/x; cd target/x; seq 300 | xargs touch; touch ../../one",
    });
    const result = await runner.run(request(gate, { commit, tree }));
    assertEquals(result.evidence.untracked, ["one", "target/"]);
  });
});
