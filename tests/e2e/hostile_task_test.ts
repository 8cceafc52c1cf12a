/** Tasks that print too much, leave processes behind, make odd files, or fail: omk stays well and loses nothing. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

/** What 200 MB of output may cost beyond what omk takes anyway, with room for the garbage of its runtime. */
const MEMORY_LIMIT_MB = 500;

function planOf(...tasks: readonly unknown[]): unknown {
  return { version: 1, gates: [{ name: "look", command: "true" }], tasks };
}

/** Runs omk and returns the most memory that it held at once, in MB, with what it did. */
async function memoryOf(
  sandbox: Sandbox,
  args: readonly string[],
): Promise<{ readonly peakMb: number; readonly code: number }> {
  const omk = sandbox.start(args);
  let isOver = false;
  const ended = omk.ended.finally(() => isOver = true);
  let peakMb = 0;
  while (!isOver) {
    const status = await Deno.readTextFile(`/proc/${omk.pid}/status`).catch(() => "");
    peakMb = Math.max(peakMb, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { peakMb, code: (await ended).code };
}

Deno.test("a task that prints 200 MB, in lines or in one, needs no memory for it and leaves a capped artifact", async () => {
  await using sandbox = await Sandbox.withPlan({
    ...Object(planOf(
      { id: "lines", run: "yes 'a line of a chatty program' | head -c 200000000" },
      { id: "line", run: "head -c 200000000 /dev/zero | tr '\\0' x", dependencies: ["lines"] },
    )),
    limits: { output_bytes: 1_000_000 },
  });
  const { peakMb, code } = await memoryOf(sandbox, ["run"]);
  assertEquals(code, 0);
  assert(peakMb > 20 && peakMb < MEMORY_LIMIT_MB, `omk took ${peakMb} MB`);
  for (const { outcome } of await sandbox.payloads("task_finished")) {
    const { output } = outcome as {
      output: { path: string; bytes: number; kept_bytes: number; truncated: boolean };
    };
    assertEquals([output.bytes, output.truncated], [200_000_000, true]);
    const { size } = await Deno.stat(`${await sandbox.runDirectory()}/${output.path}`);
    assert(size === output.kept_bytes && size < 1_100_000, `the artifact has ${size} bytes`);
  }
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("a task that prints bytes that are no text is shown and kept as text, and the log stays JSON", async () => {
  await using sandbox = await Sandbox.withPlan(
    planOf({ id: "bytes", run: "printf 'a\\377\\200\\000b\\033[31m\\303(\\n'; exit 3" }),
  );
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertStringIncludes(stdout, "a\ufffd\ufffd");
  await sandbox.events();
  const log = await Deno.readFile(`${await sandbox.runDirectory()}/tasks/bytes/1/output.log`);
  new TextDecoder("utf-8", { fatal: true }).decode(log);
  await sandbox.omkEnds(0, ["logs"]);
});

Deno.test("what a task leaves in the background, in a session of its own too, is dead when the run is over", async () => {
  await using sandbox = await Sandbox.withPlan(planOf(
    { id: "plain", run: "sleep 1000 &" },
    { id: "session", run: "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 0.2; done' & echo started" },
    { id: "double", run: "(setsid nohup sleep 1000 >/dev/null 2>&1 &) ; exit 0" },
    { id: "holds-output", run: "setsid sleep 1000 & exit 0" },
  ));
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  assertStringIncludes(stdout, "4 of 4 tasks completed");
  assertEquals(sandbox.processes(), []);
  const ended = (await sandbox.payloads("task_finished")).map(({ outcome }) =>
    Object(outcome).strays_ended > 0
  );
  assertEquals(ended, [true, true, true, true]);
});

Deno.test("file names with spaces, line ends, quotes and letters of any script, modes and links are delivered as they are", async () => {
  const names = [
    "with space",
    "line\nend",
    "ünïcode-日本",
    "-dash",
    'quo"te',
    "tab\there",
    "back\\slash",
    "*star?",
  ];
  await using sandbox = await Sandbox.withRepository({
    "README.md": "# test\n",
    "gone.txt": "x\n",
    "was-plain.sh": "#!/bin/sh\n",
  });
  await sandbox.write({
    "../make.sh": `
    mkdir 'a dir'
    for name in "$@"; do printf '%s' "$name" > "./$name"; printf '%s' "$name" > "a dir/$name"; done
    chmod +x was-plain.sh; git rm -q gone.txt
    ln -s ../outside link-out; ln -s 'a dir' link-dir; ln -s nowhere dangling`,
  });
  await sandbox.plan(planOf({ id: "names", run: ["sh", `${sandbox.root}/make.sh`, ...names] }));
  await sandbox.omkEnds(0, ["run", "--merge"]);
  for (const name of names) {
    assertEquals(await sandbox.read(name), name);
    assertEquals(await sandbox.read(`a dir/${name}`), name);
  }
  assertEquals(await Deno.readLink(`${sandbox.project}/link-out`), "../outside");
  assertEquals(await Deno.readLink(`${sandbox.project}/link-dir`), "a dir");
  assertEquals(await Deno.readLink(`${sandbox.project}/dangling`), "nowhere");
  assertEquals((await Deno.stat(`${sandbox.project}/was-plain.sh`)).mode! & 0o111, 0o111);
  assertEquals(await sandbox.git("status", "--porcelain"), "");
  await sandbox.git("fsck", "--full", "--strict");
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("P6: the work of a task that failed is pinned, untracked files too, and by-products are listed", async () => {
  await using sandbox = await Sandbox.withPlan(
    planOf({
      id: "fails",
      run:
        "echo half >> README.md; mkdir d; echo new > 'd/new file'; mkdir build; echo 12345 > build/out.o; exit 1",
    }),
    { ".gitignore": "build/\n" },
  );
  const before = await userState(sandbox);
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /^failed fails: exited with 1/m);
  const pin = `refs/omk/${await sandbox.runId()}/task/fails/1/pin`;
  assertEquals(await sandbox.git("diff", "--name-status", "main", pin), "M\tREADME.md\nA\td/new file");
  assertEquals(await sandbox.git("show", `${pin}:README.md`), "# test\nhalf");
  const [pinned] = await sandbox.payloads("attempt_pinned");
  assertEquals(pinned?.by_products, [{ top: "build", files: 1, bytes: 6 }]);
  const head = `refs/omk/${await sandbox.runId()}/head`;
  assertEquals(await sandbox.git("rev-parse", head), await sandbox.git("rev-parse", "main"));
  await assertUntouched(sandbox, before);
});

Deno.test("P6: every attempt of a task is pinned, and the next one starts afresh", async () => {
  await using sandbox = await Sandbox.withPlan(planOf({
    id: "flaky",
    run: 'ls > "$OMK_ATTEMPT.txt"; test "$OMK_ATTEMPT" = 3',
    retry_policy: { max_attempts: 2, backoff_seconds: 0 },
  }));
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  assertEquals(stdout.match(/^ {2}retry/gm)?.length, 2);
  const run = `refs/omk/${await sandbox.runId()}`;
  for (const attempt of [1, 2, 3]) {
    assertEquals(
      await sandbox.git("diff", "--name-only", "main", `${run}/task/flaky/${attempt}/pin`),
      `${attempt}.txt`,
    );
  }
  assertEquals(await sandbox.git("diff", "--name-only", "main", `${run}/head`), "3.txt");
});

Deno.test("P6: what cannot be pinned is listed, and its worktree is set aside and never reset", async () => {
  await using sandbox = await Sandbox.withPlan({
    ...Object(planOf(
      {
        id: "odd",
        run:
          "mkfifo pipe; echo small > small.txt; head -c 3000 /dev/zero > large.bin; mkdir nested; git init -q nested; echo in > nested/in.txt",
      },
      { id: "next", run: "ls > list.txt", dependencies: ["odd"] },
    )),
    limits: { pin_file_bytes: 2000 },
  });
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  assertStringIncludes(stdout, "the worktree of odd: not everything in it could be pinned");
  const [odd] = await sandbox.payloads("attempt_pinned");
  const reasons = (odd?.unpinned as { path: string; reason: string }[]).map(({ path, reason }) =>
    `${path} ${reason}`
  );
  assertEquals(reasons.sort(), ["large.bin too_large", "nested nested_repository", "pipe not_regular"]);
  const files = await sandbox.git("ls-tree", "-r", "--name-only", `refs/omk/${await sandbox.runId()}/head`);
  assertEquals(files, "README.md\nlist.txt\nnested/in.txt\nomk.jsonc\nsmall.txt");
  const aside = await sandbox.sh(
    `cd ${sandbox.root}/state/omk/worktrees/*/w1 && wc -c < large.bin && test -p pipe && echo kept`,
  );
  assertEquals(aside.stdout, "3000\nkept\n");
  await sandbox.omkEnds(0, ["run"]);
  assertEquals(
    (await sandbox.sh(`test -p ${sandbox.root}/state/omk/worktrees/*/w1/pipe && echo kept`)).stdout,
    "kept\n",
  );
});

Deno.test("P12: a secret in the result that a task reports is hidden in its file, in the log and on the screen", async () => {
  const secret = `ghp_${"a1B2".repeat(9)}`;
  await using sandbox = await Sandbox.withPlan(planOf({
    id: "leak",
    env: { TOKEN: { from: "MY_TOKEN" } },
    run: 'echo "{\\"status\\":\\"failed\\",\\"summary\\":\\"used $TOKEN\\"}" > "$OMK_RESULT"',
  }));
  const { stdout } = await sandbox.omkEnds(1, ["run"], { env: { MY_TOKEN: secret } });
  assertMatch(stdout, /reported failure: used \[REDACTED/);
  assertEquals((await sandbox.sh(`grep -rl ${secret} .git/omk ${sandbox.root}/state; true`)).stdout, "");
});

Deno.test("P8: a task cannot talk its failure up, but can talk its success down", async () => {
  await using sandbox = await Sandbox.withPlan(planOf(
    { id: "boasts", run: 'echo \'{"status":"success"}\' > "$OMK_RESULT"; exit 1' },
    { id: "modest", run: 'echo \'{"status":"failed","summary":"not good enough"}\' > "$OMK_RESULT"' },
    { id: "babbles", run: 'echo "no JSON" > "$OMK_RESULT"' },
  ));
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /^failed boasts: exited with 1/m);
  assertMatch(stdout, /^failed modest: reported failure: not good enough/m);
  assertMatch(stdout, /^failed babbles: /m);
});

Deno.test("a task that asks a person waits, and the run ends as blocked_on_human with exit code 3", async () => {
  await using sandbox = await Sandbox.withPlan(planOf(
    { id: "asks", run: 'echo \'{"status":"blocked_on_human","question":"Which region?"}\' > "$OMK_RESULT"' },
    { id: "after", run: "true", dependencies: ["asks"] },
  ));
  const { stdout } = await sandbox.omkEnds(3, ["run"]);
  assertMatch(stdout, /waits asks: .*Which region\?/);
  assertStringIncludes(stdout, "blocked_on_human");
});
