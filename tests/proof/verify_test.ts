import { assert, assertEquals, assertMatch } from "@std/assert";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { sha256, sha256OfFile } from "../../src/digest.ts";
import { type Proof, proofSchema } from "../../src/proof/schema.ts";
import { createProofWriter, ProofWriteError } from "../../src/proof/write.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import type { RunStatus } from "../../src/log/kinds.ts";
import { runGitIn } from "../git/fixture.ts";
import { openGitAccess } from "../../src/git/git_access.ts";
import { discoverRepository } from "../../src/git/repository.ts";
import { appendTo, editFile } from "./attacks.ts";
import { ProofBench, type ProvedRun, type RunVariant } from "./proved_run.ts";
import { CONTROLLER } from "./fixture.ts";

const ALL_CHECKS = [
  ...["log", "plan", "fold", "rules", "proof", "log_head", "after_proof", "status", "document", "gates"],
  ...["failure", "artifacts", "commits", "refs", "pins", "patch"],
];

async function readProof(run: ProvedRun): Promise<Proof> {
  return proofSchema.parse(JSON.parse(await Deno.readTextFile(`${run.directory}/proof.json`)));
}

Deno.test("P7: verifyRun() confirms a run that is ready, for SHA-1 and SHA-256 repositories", async () => {
  for (const format of ["sha1", "sha256"] as const) {
    await using bench = await ProofBench.create(format);
    const run = await bench.run();
    const report = await bench.verify(run);
    assertEquals(report.first_failure, null);
    assertEquals([report.ok, report.status, report.run_id], [true, "ready", run.runId]);
    assertEquals(report.checks.map(({ name }) => name), ALL_CHECKS);
    const proof = await readProof(run);
    assertEquals(
      proof.git?.tree,
      await bench.repository.git("rev-parse", `refs/omk/${run.runId}/head^{tree}`),
    );
    assertEquals(proof.artifacts.map(({ path }) => path), [
      "delivered.patch",
      "gates/001-test.log",
      "tasks/a/1/output.log",
    ]);
    const patch = await Deno.readTextFile(`${run.directory}/delivered.patch`);
    assertMatch(patch, /^diff --git a\/a\.txt b\/a\.txt\n/);
  }
});

Deno.test("verifyRun() confirms truthful proofs of runs that are not ready, or work in place, and what may follow", async () => {
  await using bench = await ProofBench.create();
  const red = await bench.run({ red: true });
  const report = await bench.verify(red);
  assertEquals([report.first_failure, report.status], [null, "not_ready"]);
  const failure = JSON.parse(await Deno.readTextFile(`${red.directory}/failure.json`));
  assertEquals(failure.failed, [{ kind: "gate", name: "test", required: true, reason: "exited with 1" }]);

  const inPlace = await bench.run({ inPlace: true });
  const placed = await bench.verify(inPlace, null);
  assertEquals([placed.first_failure, placed.status], [null, "passed"]);
  assertEquals(placed.checks.map(({ name }) => name), ALL_CHECKS.slice(0, 12));
  assertEquals((await readProof(inPlace)).git, null);

  const ready = await bench.run();
  const requester = { process: { pid: 1, pgid: 1, start_time: null, boot_id: null }, wall: 1 };
  await appendTo(
    ready,
    draft("pause_requested", "run", "cli/7", { reason: "late", ...requester }),
    draft("run_accepted", "run", CONTROLLER, { by: "me", reason: "good" }),
    draft("run_merged", "run", CONTROLLER, {
      branch: "refs/heads/main",
      from: null,
      commit: ready.state.run.head?.commit ?? "",
      anyway: false,
    }),
  );
  assertEquals((await bench.verify(ready)).first_failure, null);
});

Deno.test("verifyRun() confirms a run in a clone that fetched its refs, whatever that is configured to", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run();
  const clone = `${bench.repository.directory}/clone`;
  await runGitIn(bench.repository.directory, [
    "clone",
    "--quiet",
    "--no-local",
    bench.repository.root,
    clone,
  ]);
  await runGitIn(clone, ["config", "diff.algorithm", "patience"]);
  await runGitIn(clone, ["config", "diff.noprefix", "true"]);
  await runGitIn(clone, ["config", "diff.context", "0"]);
  await Deno.mkdir(`${clone}/.git/info`, { recursive: true });
  await Deno.writeTextFile(`${clone}/.git/info/attributes`, "*.txt -diff\n");
  const git = openGitAccess(await discoverRepository(clone));
  assertEquals((await bench.verify(run, git)).first_failure?.name, "commits");
  await runGitIn(clone, ["fetch", "--quiet", "origin", "refs/omk/*:refs/omk/*"]);
  assertEquals((await bench.verify(run, git)).first_failure, null);
});

interface Damage {
  readonly what: string;
  readonly variant?: RunVariant;
  readonly harm: (run: ProvedRun, bench: ProofBench) => unknown;
  /** The harm is done to the repository, so it takes a run of its own. */
  readonly inGit?: true;
  /** The check that must be the first to fail. */
  readonly check: string;
  readonly detail: RegExp;
}

const noHarm = () => undefined;
const swapTree = (text: string) => {
  const claim = /"tree": "[0-9a-f]+"(?=\n\s*},\n\s*"known_gaps")/;
  return text.replace(claim, `"tree": "${"0".repeat(40)}"`);
};
const claimed: EventDraft = draft("task_claimed", "task/a", CONTROLLER, {
  task_id: "a",
  attempt: 2,
  worker: "local",
  lease_expires: 0,
  base: null,
});
const skipped: EventDraft = draft("gate_skipped", "run", CONTROLLER, {
  gate: "test",
  scope: "run",
  required: true,
  tree: null,
  commit: null,
  task_id: null,
  reason: "later",
});
const cancelled: EventDraft = draft("run_cancelled", "run", CONTROLLER, { reason: "late" });

const DAMAGES: readonly Damage[] = [
  {
    what: "an edited log line",
    harm: (run) => editFile(run, "events.jsonl", (text) => text.replace('"exit_code":0', '"exit_code":1')),
    check: "log",
    detail: /^events\.jsonl:\d+: expected whole commits, found a log that is corrupt: /,
  },
  {
    what: "a log whose end was cut off",
    harm: (run) => editFile(run, "events.jsonl", (text) => text.slice(0, -40)),
    check: "log",
    detail: /found a log that is torn/,
  },
  {
    what: "a log whose last commit, with the proof, was taken away",
    harm: (run) => editFile(run, "events.jsonl", (text) => text.split("\n").slice(0, -3).join("\n") + "\n"),
    check: "proof",
    detail: /^expected a proof, found a log without proof_written$/,
  },
  {
    what: "a changed plan",
    harm: (run) => editFile(run, "plan.json", (text) => text.replace('"required":true', '"required":false')),
    check: "plan",
    detail: /^sha256 of plan\.json: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "an edited proof.json",
    harm: (run) =>
      editFile(run, "proof.json", (text) => text.replace('"status": "ready"', '"status": "passed"')),
    check: "proof",
    detail: /^sha256 of proof\.json: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "a missing proof.json",
    harm: (run) => Deno.remove(`${run.directory}/proof.json`),
    check: "proof",
    detail: /^proof\.json: expected a file, found nothing$/,
  },
  {
    what: "a proof with a swapped tree whose digest the log names",
    variant: { edit: swapTree },
    harm: noHarm,
    check: "document",
    detail: /^git\.tree: expected "[0-9a-f]{40}", found "0{40}"$/,
  },
  {
    what: "a proof in another spelling whose digest the log names",
    variant: { edit: (text) => `${text}\n` },
    harm: noHarm,
    check: "document",
    detail: /canonical/,
  },
  {
    what: "a log that claims another tree for its head",
    variant: { tree: "1".repeat(40) },
    harm: noHarm,
    check: "commits",
    detail: /^tree of head [0-9a-f]{40}: expected 1{40}, found [0-9a-f]{40}$/,
  },
  {
    what: "a status that the log does not give",
    variant: { red: true, status: "ready" },
    harm: noHarm,
    check: "status",
    detail: /^status in proof\.json: expected not_ready, found ready$/,
  },
  {
    what: "a gate that ran by another definition than the plan's",
    variant: { gate: { definition: "2".repeat(64) } },
    harm: noHarm,
    check: "gates",
    detail: /^definition of gate "test": expected [0-9a-f]{64}, found 2{64}$/,
  },
  {
    what: "a gate that passed although it changed its tree",
    variant: { gate: { changed: ["a.txt"] } },
    harm: noHarm,
    check: "gates",
    detail: /^tracked paths that gate "test" changed: expected 0, found 1$/,
  },
  {
    what: "a gate that passed with another exit code",
    variant: { gate: { exit_code: 1 } },
    harm: noHarm,
    check: "gates",
    detail: /^exit code of gate "test": expected 0, found 1$/,
  },
  {
    what: "work after the proof",
    harm: (run) => appendTo(run, skipped),
    check: "after_proof",
    detail: /^event \d+: expected nothing that needs a new proof, found gate_skipped$/,
  },
  {
    what: "a new proof that was never finished",
    harm: (run) =>
      appendTo(run, draft("proof_writing", "run", CONTROLLER, { status: "ready", commit: null, tree: null })),
    check: "after_proof",
    detail: /found proof_writing$/,
  },
  {
    what: "work while the proof was written",
    variant: { meanwhile: [cancelled] },
    harm: noHarm,
    check: "after_proof",
    detail: /found run_cancelled$/,
  },
  {
    what: "an event that breaks a rule",
    harm: (run) => appendTo(run, claimed),
    check: "rules",
    detail: /^event \d+ breaks a rule: task "a" may not go from completed to claimed$/,
  },
  {
    what: "a changed task log",
    harm: (run) => editFile(run, "tasks/a/1/output.log", (text) => `${text}more\n`),
    check: "artifacts",
    detail: /^sha256 of tasks\/a\/1\/output\.log: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "a missing gate log",
    harm: (run) => Deno.remove(`${run.directory}/gates/001-test.log`),
    check: "artifacts",
    detail: /^gates\/001-test\.log: expected a file, found nothing$/,
  },
  {
    what: "a changed patch",
    harm: (run) => editFile(run, "delivered.patch", (text) => text.replace("+new", "+old")),
    check: "artifacts",
    detail: /^sha256 of delivered\.patch: /,
  },
  {
    what: "a failure.json beside a proof that is ready",
    harm: (run) => Deno.writeTextFile(`${run.directory}/failure.json`, "{}"),
    check: "failure",
    detail: /^failure\.json: expected none, found a file$/,
  },
  {
    what: "a changed failure.json",
    variant: { red: true },
    harm: (run) => editFile(run, "failure.json", (text) => text.replace("exited with 1", "flaky")),
    check: "failure",
    detail: /^sha256 of failure\.json: /,
  },
  {
    what: "a moved head",
    inGit: true,
    harm: ({ runId }, { repository }) => repository.git("update-ref", `refs/omk/${runId}/head`, "HEAD"),
    check: "refs",
    detail: /^refs\/omk\/[^ ]+\/head: expected [0-9a-f]{40}, found [0-9a-f]{40}$/,
  },
  {
    what: "a deleted pin",
    inGit: true,
    harm: ({ pinRef }, { repository }) => repository.git("update-ref", "-d", pinRef),
    check: "pins",
    detail: /^refs\/omk\/[^ ]+\/task\/a\/1\/pin: expected [0-9a-f]{40}, found nothing$/,
  },
];

Deno.test("P7: verifyRun() names the first thing that does not hold", async (test) => {
  await using bench = await ProofBench.create();
  const sound = await bench.run();
  for (const { what, variant, harm, inGit, check, detail } of DAMAGES) {
    await test.step(what, async () => {
      const run = variant === undefined && inGit !== true
        ? await bench.copy(sound)
        : await bench.run(variant);
      await harm(run, bench);
      const report = await bench.verify(run);
      assertEquals(report.first_failure?.name, check, report.first_failure?.detail);
      assertMatch(report.first_failure?.detail ?? "", detail);
      assert(!report.ok);
    });
  }
  await test.step("a repository that is not there", async () => {
    const report = await bench.verify(sound, null);
    assertEquals(report.first_failure?.name, "commits");
    assertMatch(report.first_failure?.detail ?? "", /expected a repository to look for it in, found none$/);
  });
  await test.step("a run that is not there", async () => {
    const report = await bench.verify({ ...sound, directory: "/nowhere" });
    assertEquals([report.first_failure?.name, report.run_id, report.status], ["log", null, null]);
  });
});

Deno.test("ProofWriter.write() gives the same bytes each time, private, and nothing half-written", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ red: true });
  const proof = await readProof(run);
  const log = await openRunLog(`${run.directory}/events.jsonl`, { runId: run.runId, durability: "none" });
  const { workspace } = bench;
  const write = (status: RunStatus) =>
    createProofWriter({ directory: run.directory, log, workspace, key: null }).write(
      run.state,
      status,
      proof.log,
    );
  assertEquals(await write("not_ready"), run.written);
  const names = [...Deno.readDirSync(run.directory)].map(({ name }) => name);
  assertEquals(names.filter((name) => name.startsWith(".new-")), []);
  for (const name of ["proof.json", "failure.json", "delivered.patch"]) {
    const path = `${run.directory}/${name}`;
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  }
  const { proof: artifact } = run.written;
  assertEquals(artifact.sha256, (await sha256OfFile(`${run.directory}/proof.json`)).sha256);
  assertEquals(artifact.bytes, (await Deno.stat(`${run.directory}/proof.json`)).size);

  const good = await write("passed");
  assertEquals(good.failure, null);
  assert(![...Deno.readDirSync(run.directory)].some(({ name }) => name === "failure.json"));
  const unready = await createProofWriter({ directory: run.directory, log, workspace: null, key: null })
    .write(run.state, "not_ready", proof.log);
  assertEquals(unready.patch, null);
  assert(![...Deno.readDirSync(run.directory)].some(({ name }) => name === "delivered.patch"));
  await log.close();
});

Deno.test("ProofWriter.write() says what keeps it from writing", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run();
  const proof = await readProof(run);
  const log = await openRunLog(`${run.directory}/events.jsonl`, { runId: run.runId, durability: "none" });
  await Deno.mkdir(`${run.directory}/.new-proof.json`);
  const writer = createProofWriter({ directory: run.directory, log, workspace: bench.workspace, key: null });
  const before = await Deno.readTextFile(`${run.directory}/proof.json`);
  const error = await writer.write(run.state, "ready", proof.log).then(() => null, (error) => error);
  assert(error instanceof ProofWriteError);
  assertMatch(error.message, /^Cannot write the proof of a run that is ready \(\/.*\): .*directory/i);
  assertEquals(await Deno.readTextFile(`${run.directory}/proof.json`), before);
  assertEquals(sha256(before), run.written.proof.sha256);
  await log.close();
});
