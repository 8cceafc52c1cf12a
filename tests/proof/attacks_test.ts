/** What somebody may do to a proved run, signed or not, and what `omk verify` says of it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { sha256 } from "../../src/digest.ts";
import { draft } from "../../src/log/event.ts";
import { sealEnvelope } from "../../src/proof/dsse.ts";
import { generateKey, parseSigningKey } from "../../src/proof/key.ts";
import { proofSchema } from "../../src/proof/schema.ts";
import { appendVerdict } from "../../src/proof/sign.ts";
import { statementBytes } from "../../src/proof/statement.ts";
import { verdictStatement } from "../../src/proof/verdict.ts";
import { CONTROLLER } from "./fixture.ts";
import { commitsOf, rechained } from "./forger.ts";
import { appendTo, editFile, ProofBench, type ProvedRun } from "./proved_run.ts";

const KEY = parseSigningKey(generateKey(), "test");
const OTHER = parseSigningKey(generateKey(), "test");
const TRUSTED = { key: KEY.public, origin: "omk.pub", required: true };

type Lines = readonly string[];

/** Changes the lines of a log; no sum is made anew. */
function lines(change: (lines: Lines) => Lines): (run: ProvedRun) => Promise<void> {
  return (run) =>
    editFile(
      run,
      "events.jsonl",
      (text) => change(text.trimEnd().split("\n")).map((each) => `${each}\n`).join(""),
    );
}

/** Changes the commits of a log, and makes every sum anew. */
function commits(change: (commits: readonly Lines[]) => readonly Lines[]): (run: ProvedRun) => Promise<void> {
  return (run) => editFile(run, "events.jsonl", (text) => rechained(change(commitsOf(text))));
}

/** Changes the text of every line, and makes every sum anew. */
function everywhere(from: RegExp, to: string): (run: ProvedRun) => Promise<void> {
  return commits((all) => all.map((each) => each.map((line) => line.replace(from, to))));
}

/** Number of the line, from 0, with an event of this kind. */
function at(lines: Lines, kind: string): number {
  return lines.findIndex((line) => line.includes(`"kind":"${kind}"`));
}

/** What is done to the repository is undone by what comes back. */
type Harm = (run: ProvedRun, bench: ProofBench) => Promise<void | (() => Promise<unknown>)>;

interface Attack {
  readonly what: string;
  readonly harm: Harm;
  /** The check that must be the first to fail. */
  readonly check: string;
  readonly detail: RegExp;
}

const HEX = "[0-9a-f]{40}";

const ATTACKS: readonly Attack[] = [
  {
    what: "a line of the log is edited",
    harm: lines((all) =>
      all.with(at(all, "gate_passed"), all[at(all, "gate_passed")]?.replace("5", "6") ?? "")
    ),
    check: "log",
    detail: /^events\.jsonl:\d+: expected whole commits, found a log that is corrupt: /,
  },
  {
    what: "a line of the log is removed",
    harm: lines((all) => all.toSpliced(at(all, "gate_started"), 1)),
    check: "log",
    detail: /^events\.jsonl:\d+: .* corrupt: /,
  },
  {
    what: "a line is inserted into the log",
    harm: lines((all) => all.toSpliced(at(all, "gate_started"), 0, all[at(all, "task_claimed")] ?? "")),
    check: "log",
    detail: /^events\.jsonl:\d+: .* corrupt: /,
  },
  {
    what: "two lines of the log change places",
    harm: lines((all) => {
      const second = at(all, "task_started");
      return all.with(second, all[second - 1] ?? "").with(second - 1, all[second] ?? "");
    }),
    check: "log",
    detail: /^events\.jsonl:2: .* corrupt: its commit follows /,
  },
  {
    what: "a line is edited, and every sum behind it made anew",
    harm: everywhere(/"duration_ms":5,/, '"duration_ms":6,'),
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "a commit is removed, and everything behind it made anew",
    harm: commits((all) => all.filter(([line]) => !line?.includes('"kind":"attempt_pinned"'))),
    check: "log_head",
    detail: /^end of the commit of the log head: expected \d+, found \d+$/,
  },
  {
    what: "a commit is inserted, and everything behind it made anew",
    harm: commits((all) => all.flatMap((each) => each[0]?.includes("task_claimed") ? [each, each] : [each])),
    check: "rules",
    detail: /^event 2 breaks a rule: attempt 2 of task "a" was due$/,
  },
  {
    what: "two commits change places, and everything behind them is made anew",
    harm: async (run) => {
      await commits((all) => [...all.slice(0, 1), ...all.slice(1, 3).toReversed(), ...all.slice(3)])(run);
      await everywhere(/"ts":"[^"]+"/, '"ts":"2026-01-02T03:04:05.000Z"')(run);
    },
    check: "rules",
    detail: /^event 1 breaks a rule: /,
  },
  {
    what: "the last commit is edited",
    harm: lines((all) => all.with(-1, all.at(-1)?.replace('"exit_code":0', '"exit_code":1') ?? "")),
    check: "log",
    detail: /corrupt: the bytes of the commit do not have its sum$/,
  },
  {
    what: "the last commit is edited, and its sum made anew: it names another proof",
    harm: everywhere(
      /("kind":"proof_written".*"proof\.json".*?"sha256":")[0-9a-f]{64}/,
      `$1${"0".repeat(64)}`,
    ),
    check: "proof",
    detail: /^sha256 of proof\.json: expected 0{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "the last commit is edited, and its sum made anew: it tells of another end",
    harm: everywhere(/("kind":"run_finished".*"status":")ready/, "$1not_ready"),
    check: "status",
    detail: /^status in run_finished: expected ready, found not_ready$/,
  },
  {
    what: "an artifact is changed",
    harm: (run) => editFile(run, "gates/001-test.log", (text) => text.replace("judged", "jugded")),
    check: "artifacts",
    detail: /^sha256 of gates\/001-test\.log: /,
  },
  {
    what: "an artifact is changed, and its digest in the log with every sum",
    harm: async (run) => {
      await editFile(run, "gates/001-test.log", () => "jugded\n");
      await everywhere(new RegExp(sha256("judged\n")), sha256("jugded\n"))(run);
    },
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: /,
  },
  {
    what: "the result of a gate is flipped in proof.json",
    harm: (run) =>
      editFile(run, "proof.json", (text) => text.replace('"result": "passed"', '"result": "failed"')),
    check: "proof",
    detail: /^sha256 of proof\.json: /,
  },
  {
    what: "the result of a gate is flipped in proof.json, and its digest in the log with every sum",
    harm: async (run) => {
      const before = sha256(await Deno.readTextFile(`${run.directory}/proof.json`));
      await editFile(run, "proof.json", (text) => text.replace('"result": "passed"', '"result": "failed"'));
      const after = sha256(await Deno.readTextFile(`${run.directory}/proof.json`));
      await everywhere(new RegExp(before), after)(run);
    },
    check: "document",
    detail: /^gates\.0\.result: expected "passed", found "failed"$/,
  },
  {
    what: "the result of a gate is flipped in the log, with every sum",
    harm: everywhere(/("kind":"gate_passed".*"exit_code":)0/, "$11"),
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: /,
  },
  {
    what: "the plan is changed",
    harm: (run) => editFile(run, "plan.json", (text) => text.replace('"required":true', '"required":false')),
    check: "plan",
    detail: /^sha256 of plan\.json: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "the plan is changed, and its digest in the log with every sum",
    harm: async (run) => {
      const before = sha256(await Deno.readTextFile(`${run.directory}/plan.json`));
      await editFile(run, "plan.json", (text) => text.replace('"timeout_secs":60', '"timeout_secs":61'));
      const after = sha256(await Deno.readTextFile(`${run.directory}/plan.json`));
      await everywhere(new RegExp(before), after)(run);
    },
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: /,
  },
  {
    what: "a gate runs behind the head",
    harm: (run) =>
      appendTo(
        run,
        draft("gate_skipped", "run", CONTROLLER, {
          ...{ gate: "test", scope: "run", required: true, tree: null, commit: null, task_id: null },
          reason: "later",
        }),
      ),
    check: "after_proof",
    detail: /^event \d+: expected nothing that needs a new proof, found gate_skipped$/,
  },
  {
    what: "the head of the run is moved after the proof",
    harm: async ({ runId, state }, { repository }) => {
      await repository.git("update-ref", `refs/omk/${runId}/head`, "HEAD");
      return () => repository.git("update-ref", `refs/omk/${runId}/head`, state.run.head?.commit ?? "");
    },
    check: "refs",
    detail: new RegExp(`^refs/omk/[^ ]+/head: expected ${HEX}, found ${HEX}$`),
  },
  {
    what: "the base of the run is moved after the proof",
    harm: async ({ runId, state }, { repository }) => {
      await repository.git("update-ref", `refs/omk/${runId}/base`, state.run.head?.commit ?? "");
      return () => repository.git("update-ref", `refs/omk/${runId}/base`, state.run.base?.commit ?? "");
    },
    check: "refs",
    detail: new RegExp(`^refs/omk/[^ ]+/base: expected ${HEX}, found ${HEX}$`),
  },
  {
    what: "a pin is moved",
    harm: async ({ pinRef }, { repository }) => {
      const before = await repository.git("rev-parse", pinRef);
      await repository.git("update-ref", pinRef, "HEAD");
      return () => repository.git("update-ref", pinRef, before);
    },
    check: "pins",
    detail: new RegExp(`^refs/omk/[^ ]+/task/a/1/pin: expected ${HEX}, found ${HEX}$`),
  },
  {
    what: "the tree of the head is swapped in the log, with every sum",
    harm: ({ state, ...run }) =>
      everywhere(new RegExp(state.run.head?.tree ?? "", "g"), state.run.base?.tree ?? "")({ state, ...run }),
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: /,
  },
  {
    what: "the tree of the head is swapped in the store of objects",
    harm: async ({ state }, { repository }) => {
      const store = `${await repository.git("rev-parse", "--absolute-git-dir")}/objects`;
      const pathOf = (id: string) => `${store}/${id.slice(0, 2)}/${id.slice(2)}`;
      const head = pathOf(state.run.head?.commit ?? "");
      const other = await repository.git("commit-tree", "-m", "other", "-p", "HEAD", "HEAD^{tree}");
      const before = await Deno.readFile(head);
      await Deno.chmod(head, 0o600);
      await Deno.copyFile(pathOf(other), head);
      return () => Deno.remove(head).then(() => Deno.writeFile(head, before));
    },
    check: "commits",
    detail: new RegExp(`^tree of head ${HEX}: expected ${HEX}, found ${HEX}$`),
  },
];

Deno.test("P7: omk verify finds every attack on a run, signed or not, and names what does not hold", async (test) => {
  await using bench = await ProofBench.create();
  for (const key of [null, KEY]) {
    const sound = await bench.run(key === null ? {} : { key });
    const trusted = key === null ? null : TRUSTED;
    const kind = key === null ? "unsigned" : "signed";
    assertEquals((await bench.verify(sound, bench.git, trusted)).first_failure, null);
    for (const { what, harm, check, detail } of ATTACKS) {
      await test.step(`${kind}: ${what}`, async () => {
        const run = await bench.copy(sound);
        const undo = await harm(run, bench);
        const { first_failure } = await bench.verify(run, bench.git, trusted);
        await undo?.();
        assertEquals(first_failure?.name, check, first_failure?.detail);
        assertMatch(first_failure?.detail ?? "", detail);
      });
    }
    await test.step(`${kind}: a replacement of the head is not looked at`, async () => {
      const head = sound.state.run.head?.commit ?? "";
      await bench.repository.git("replace", head, "HEAD");
      assertEquals((await bench.verify(sound, bench.git, trusted)).first_failure, null);
      await bench.repository.git("replace", "-d", head);
    });
    await test.step(`${kind}: the log is cut at each of its commits`, async () => {
      const run = await bench.copy(sound);
      const all = commitsOf(await Deno.readTextFile(`${run.directory}/events.jsonl`));
      const proved = all.findIndex((each) => each.some((line) => line.includes('"proof_written"')));
      assert(proved > 5);
      for (let kept = proved; kept > 0; kept--) {
        await Deno.writeTextFile(`${run.directory}/events.jsonl`, rechained(all.slice(0, kept)));
        const { first_failure } = await bench.verify(run, bench.git, trusted);
        assertEquals(first_failure, {
          name: "proof",
          ok: false,
          detail: "expected a proof, found a log without proof_written",
        });
      }
    });
  }
});

Deno.test("P7: omk verify finds that the log was cut before a rejection that somebody has signed", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ key: KEY });
  const text = await Deno.readTextFile(`${run.directory}/proof.json`);
  const verdict = {
    accepted: false,
    by: "Ada <ada@example.com>",
    reason: "no",
    at: "2026-01-02T03:04:05.000Z",
  };
  const payload = statementBytes(
    verdictStatement(proofSchema.parse(JSON.parse(text)), sha256(text), verdict),
  );
  await appendVerdict(run.directory, sealEnvelope(payload, KEY), new Set());
  const { first_failure } = await bench.verify(run, bench.git, TRUSTED);
  assertEquals(first_failure?.name, "verdicts");
  assertMatch(first_failure?.detail ?? "", /^verdicts\.intoto\.jsonl:1: .* found one that it does not$/);
  const signed = {
    by: verdict.by,
    reason: verdict.reason,
    signed_by: KEY.public.id,
    statement: sha256(payload),
  };
  await appendTo(run, draft("run_rejected", "run", CONTROLLER, signed));
  assertEquals((await bench.verify(run, bench.git, TRUSTED)).first_failure, null);
});

Deno.test("P7: a forger who makes all of a run anew is found by the signature alone", async () => {
  await using bench = await ProofBench.create();
  const forged = await bench.run({ key: OTHER });
  assertEquals((await bench.verify(forged)).first_failure, null, "without a key it is as good as any run");
  const { first_failure } = await bench.verify(forged, bench.git, TRUSTED);
  assertEquals(first_failure?.name, "signatures");
});
