/** Signing, handing on and attaching proofs, as a user does it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

const PLAN = {
  version: 1,
  name: "signed",
  gates: [{ name: "look", command: "test -f made.txt" }],
  tasks: [{ id: "make", run: 'env > "$PWD/made.txt"' }],
};

Deno.test("P7: a signed run is verified in a fresh clone from one file, and its commit by the attached proof", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  await sandbox.omkEnds(1, ["key", "show"]);
  await sandbox.omkEnds(1, ["proof", "sign"]);
  await sandbox.commit("second", { "second.txt": "2" });
  const made = await sandbox.omkJson(["key", "create"]);
  await sandbox.omkEnds(1, ["key", "create"]);
  const { stdout: pem } = await sandbox.omkEnds(0, ["key", "show"]);
  assertEquals(pem, made.public_key);
  const pub = `${sandbox.root}/omk.pub`;
  await Deno.writeTextFile(pub, pem);
  const { stdout } = await sandbox.omkEnds(0, ["run", "--verbose"]);
  assertStringIncludes(stdout, `signed with key ${made.key_id.slice(0, 10)}`);
  const tar = `${sandbox.root}/run.tar`;
  await sandbox.omkEnds(0, ["export", "-o", tar]);
  await sandbox.omkEnds(0, ["proof", "attach"]);
  await sandbox.omkEnds(0, ["merge"]);
  await sandbox.omkEnds(0, ["verify", "--key", pub]);

  // Somebody else, with a clone, a file and a public key, but neither runs nor keys of omk.
  const clone = `${sandbox.root}/elsewhere/clone`;
  await sandbox.call("git", ["clone", "--quiet", sandbox.project, clone]);
  const there = {
    cwd: clone,
    env: { HOME: `${sandbox.root}/nobody`, XDG_STATE_HOME: `${sandbox.root}/nobody` },
  };
  const verified = await sandbox.omkEnds(0, ["verify", tar, "--key", pub], there);
  assertStringIncludes(verified.stdout, "verified, it is ready");
  const refs = await sandbox.call("git", ["for-each-ref", "refs/omk", "refs/notes"], there);
  assertEquals(refs.stdout, "", "nothing of the file gets into the clone");
  assertStringIncludes(
    (await sandbox.omkEnds(2, ["verify", "HEAD", "--key", pub], there)).stderr,
    "git fetch",
  );
  await sandbox.call("git", ["fetch", "--quiet", "origin", "refs/notes/omk:refs/notes/omk"], there);
  await sandbox.omkEnds(0, ["verify", "HEAD", "--key", pub], there);
  assertStringIncludes((await sandbox.omkEnds(2, ["verify", "HEAD"], there)).stderr, "--key");
  const empty = `${sandbox.root}/elsewhere/empty`;
  await sandbox.call("git", ["init", "--quiet", empty]);
  const stranger = await sandbox.omk(["verify", tar, "--key", pub], { ...there, cwd: empty });
  assertEquals(stranger.code, 1, "a repository without the base cannot vouch for it");

  await sandbox.omkEnds(0, ["key", "create", "--file", `${sandbox.root}/other.pem`]);
  await sandbox.omkEnds(1, ["verify", "--key", `${sandbox.root}/other.pem`]);
  await sandbox.omkEnds(0, ["proof", "sign", "--key", `${sandbox.root}/other.pem`]);
  await sandbox.omkEnds(0, ["verify", "--key", `${sandbox.root}/other.pem`]);
  await sandbox.omkEnds(0, ["verify", "--key", pub]);
});

Deno.test("P10 P12: OMK_KEY signs, reaches no task, and stops a run before it begins where it is none", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  await sandbox.omkEnds(0, ["key", "create", "--file", `${sandbox.root}/ci.pem`]);
  const pem = await Deno.readTextFile(`${sandbox.root}/ci.pem`);
  const bad = await sandbox.omkEnds(2, ["run"], { env: { OMK_KEY: "-----BEGIN nothing" } });
  assertStringIncludes(bad.stderr, "OMK_KEY");
  assertStringIncludes((await sandbox.omkEnds(0, ["list"])).stderr, "No runs here yet");
  await sandbox.omkEnds(0, ["run", "--merge"], { env: { OMK_KEY: pem } });
  const seen = await sandbox.read("made.txt");
  assert(!seen.includes("OMK_KEY") && !seen.includes("PRIVATE KEY"), seen);
  await sandbox.omkEnds(0, ["verify", "--key", `${sandbox.root}/ci.pem`]);
});

Deno.test("omk reject stops omk merge until omk accept, both are recorded and signed, and no task can give either", async () => {
  await using sandbox = await Sandbox.withPlan({
    ...PLAN,
    tasks: [...PLAN.tasks, { id: "self", run: `omk accept; echo $? > self.txt` }],
  });
  await sandbox.stub("omk", `exec ${sandbox.omkCommand()} "$@"`);
  await sandbox.omkEnds(0, ["key", "create"]);
  await sandbox.omkEnds(0, ["run"]);
  await sandbox.omkEnds(2, ["reject"]);
  const { stdout } = await sandbox.omkEnds(0, ["reject", "--reason", "not like this"]);
  assertStringIncludes(stdout, "rejected by Ada <ada@example.com>, signed with key");
  assertStringIncludes((await sandbox.omkEnds(1, ["merge"])).stderr, "rejected it: not like this");
  assertStringIncludes((await sandbox.omkEnds(0, ["show"])).stdout, "not like this");
  await sandbox.omkEnds(0, ["accept", "--reason", "but so"]);
  const { checks } = await sandbox.omkJson(["verify"]);
  const verdicts = checks.find(({ name }: { readonly name: string }) => name === "verdicts");
  assertEquals(verdicts, { name: "verdicts", ok: true, detail: "2 verdicts, 2 signed" });
  const path = `${await sandbox.runDirectory()}/verdicts.intoto.jsonl`;
  const [first = ""] = (await Deno.readTextFile(path)).split("\n");
  await Deno.writeTextFile(path, `${first}\n`);
  assertEquals((await sandbox.omkJson(["verify"])).first_failure.name, "verdicts");
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals((await sandbox.read("self.txt")).trim(), "2");
});

Deno.test("P8: a gate that passes after it has failed on the same tree is a warning, not a silent pass", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const seen = `${sandbox.root}/seen`;
  const gate = { name: "shaky", command: `test -e ${seen} || { touch ${seen}; exit 1; }`, retries: 1 };
  await sandbox.plan({ ...PLAN, gates: [gate] });
  await sandbox.omkEnds(0, ["key", "create"]);
  await sandbox.omkEnds(0, ["run"]);
  const { gates, known_gaps, status } = await sandbox.omkJson(["proof"]);
  assertEquals([status, gates[0].result, gates[0].runs, gates[0].flaky], ["ready", "passed", 2, true]);
  assertEquals(known_gaps, ['gate "shaky" passed in run 2, after it had failed on the same tree']);
  const [line = ""] = (await Deno.readTextFile(`${await sandbox.runDirectory()}/proof.intoto.jsonl`)).split(
    "\n",
  );
  assertEquals(JSON.parse(atob(JSON.parse(line).payload)).predicate.result, "WARNED");
  await sandbox.omkEnds(0, ["verify"]);
});
