/**
 * One signed run of the executable: every attack on it, made on a copy, and verifiers that know nothing of omk. From source
 * the same attacks are made on runs of the same code without processes, in tests/proof.
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ATTACKS, CUT_DETAIL, cutLogs, editFile, type HarmedRun } from "../proof/attacks.ts";
import { runRecipe, sigstoreVerifier, withChangedByte } from "../proof/stock_verifiers.ts";
import { Sandbox, testsExecutable } from "./harness.ts";

/** As the attacks expect it, and with signatures. */
async function signedRun(sandbox: Sandbox): Promise<HarmedRun> {
  await sandbox.omkEnds(0, ["key", "create"]);
  const { stdout } = await sandbox.omkEnds(0, ["key", "show"]);
  await Deno.writeTextFile(`${sandbox.root}/omk.pub`, stdout);
  await sandbox.omkEnds(0, ["run"]);
  const runId = await sandbox.runId();
  const objects = async (of: string) => {
    const [commit = "", tree = ""] = (await sandbox.git("rev-parse", of, `${of}^{tree}`)).split("\n");
    return { commit, tree };
  };
  return {
    runId,
    directory: await sandbox.runDirectory(),
    pinRef: `refs/omk/${runId}/task/a/1/pin`,
    base: await objects("HEAD"),
    head: await objects(`refs/omk/${runId}/head`),
  };
}

/** A run with files of its own. */
async function copyOf(sandbox: Sandbox, run: HarmedRun): Promise<HarmedRun> {
  const directory = await Deno.makeTempDir({ dir: sandbox.root });
  await sandbox.call("cp", ["-R", `${run.directory}/.`, directory]);
  return { ...run, directory };
}

/** The first check that fails, with its detail. */
async function firstFailure(
  sandbox: Sandbox,
  run: HarmedRun,
  key = "omk.pub",
): Promise<{ readonly name: string; readonly detail: string } | null> {
  const report = await sandbox.omkJson(["verify", run.directory, "--key", `${sandbox.root}/${key}`]);
  assertEquals(report.exit_code === 0, report.first_failure === null);
  return report.first_failure;
}

/** What is done to the envelopes, and the check that finds it. */
const ENVELOPE_ATTACKS: readonly (readonly [
  what: string,
  edit: (lines: readonly string[], foreign: readonly string[]) => readonly string[],
  check: string,
])[] = [
  ["dropped", (lines) => lines.slice(1), "statements"],
  ["added", (lines) => [lines[0] ?? "", ...lines], "statements"],
  ["from another run", (lines, foreign) => [...lines.slice(0, -1), foreign.at(-1) ?? ""], "statements"],
  ["with a changed byte", (lines) => lines.map((line) => line.replace(/"sig":"./, '"sig":"0')), "signatures"],
];

Deno.test({
  name:
    "P7: the executable finds every attack on a signed run of its own, and stock verifiers accept and refuse it",
  ignore: !testsExecutable(),
  async fn() {
    await using sandbox = await Sandbox.withPlan({
      version: 1,
      gates: [{ name: "test", command: "echo judged", timeout_secs: 60 }],
      tasks: [{ id: "a", run: "echo two > README.md; echo new > b.txt" }],
    });
    const run = await signedRun(sandbox);
    assertEquals(await firstFailure(sandbox, run), null);
    for (const { what, harm, check, detail } of ATTACKS) {
      const copy = await copyOf(sandbox, run);
      const undo = await harm(copy, (...args) => sandbox.git(...args));
      const failure = await firstFailure(sandbox, copy);
      await undo?.();
      assertEquals(failure?.name, check, `${what}: ${failure?.detail}`);
      assertMatch(failure?.detail ?? "", detail, what);
    }
    const cut = await copyOf(sandbox, run);
    for (const text of cutLogs(await Deno.readTextFile(`${cut.directory}/events.jsonl`))) {
      await Deno.writeTextFile(`${cut.directory}/events.jsonl`, text);
      assertEquals((await firstFailure(sandbox, cut))?.detail, CUT_DETAIL);
    }
    const copy = await copyOf(sandbox, run);
    await editFile(copy, "events.jsonl", (text) => text.replace('"lost_count":0', '"lost_count":1'));
    assertEquals((await firstFailure(sandbox, copy))?.name, "log", "the comparison of tests, as any event");

    await sandbox.omkEnds(0, ["run"]);
    const foreign = await linesOf(await sandbox.runDirectory());
    const own = await linesOf(run.directory);
    for (const [what, edit, check] of ENVELOPE_ATTACKS) {
      const copy = await copyOf(sandbox, run);
      const edited = edit(own, foreign).map((line) => `${line}\n`).join("");
      await Deno.writeTextFile(`${copy.directory}/proof.intoto.jsonl`, edited);
      const failure = await firstFailure(sandbox, copy);
      assertEquals(failure?.name, check, `an envelope ${what}: ${failure?.detail}`);
    }
    await sandbox.omkEnds(0, ["key", "create", "--file", `${sandbox.root}/other.pem`]);
    assertEquals((await firstFailure(sandbox, run, "other.pem"))?.name, "signatures", "another key");

    const verify = sigstoreVerifier(await Deno.readTextFile(`${sandbox.root}/omk.pub`));
    for (const line of own) {
      const envelope = JSON.parse(line);
      verify(envelope);
      assertThrows(() => verify(withChangedByte(envelope)));
    }
    await sandbox.omkEnds(0, ["proof", "attach", run.runId]);
    const recipe = (commit: string) =>
      runRecipe(commit, `${sandbox.root}/omk.pub`, `${sandbox.project}/.git`);
    const sound = await recipe(run.head.commit);
    assertEquals(sound.code, 0, sound.said);
    assert((await recipe(run.base.commit)).code !== 0, "a commit without a proof");
    const note = await sandbox.git("notes", "--ref=omk", "show", run.head.commit);
    const changed = note.replace('"payload":"eyJf', '"payload":"eyJe');
    await sandbox.git("notes", "--ref=omk", "add", "-f", "-m", changed, run.head.commit);
    assert((await recipe(run.head.commit)).code !== 0, "one changed byte");
  },
});

async function linesOf(directory: string): Promise<readonly string[]> {
  return (await Deno.readTextFile(`${directory}/proof.intoto.jsonl`)).trimEnd().split("\n");
}
