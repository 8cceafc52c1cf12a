import { assert, assertEquals, assertMatch } from "@std/assert";
import { sha256 } from "../../src/digest.ts";
import { Sandbox } from "./harness.ts";

/** Waits until `count` tasks have begun, so that all of them work on the same base. */
function meet(root: string, count: number): string {
  return `mkdir -p ${root}/begun && touch ${root}/begun/$OMK_TASK_ID && ` +
    `while test $(ls ${root}/begun | wc -l) -lt ${count}; do sleep 0.02; done`;
}

Deno.test("a conflict sends the task back with the paths and both diffs, redacted, for people, proof and the next attempt", async () => {
  await using sandbox = await Sandbox.withRepository({ "list.txt": "start\n", "blob": "\0a\n" });
  const secret = `ghp_${"A1b2C3d4E5f6".repeat(3)}`;
  const add =
    `${meet(sandbox.root, 2)}; if test -n "\${OMK_CONFLICT:-}"; then cat "$OMK_CONFLICT" > told.txt; ` +
    `else printf 'key = ${secret.slice(0, 6)}%s\\n' ${
      secret.slice(6)
    } >> list.txt; printf '\\0'"$OMK_TASK_ID" > blob; fi; ` +
    `echo "by $OMK_TASK_ID" >> list.txt`;
  await sandbox.plan({
    version: 1,
    workers: 2,
    gates: [{ name: "ok", command: "true" }],
    tasks: [{ id: "one", run: add }, { id: "two", run: add }],
  });
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  assertMatch(stdout, /clash {3}(one|two) in blob, list\.txt/);
  const [conflict] = await sandbox.payloads("merge_conflicted");
  const loser = String(conflict?.["task_id"]);
  const winner = loser === "one" ? "two" : "one";
  const directory = await sandbox.runDirectory();
  const path = `tasks/${loser}/1/conflict.diff`;
  const text = await Deno.readTextFile(`${directory}/${path}`);
  assertEquals(conflict?.["diffs"], {
    path,
    bytes: text.length,
    kept_bytes: text.length,
    truncated: false,
    sha256: sha256(text),
  });
  const [theirs = "", own = ""] = text.split(`# What attempt 1 of task ${loser} changed`);
  assertMatch(theirs, /^# What was merged since [0-9a-f]{40}, up to [0-9a-f]{40}\n/);
  assert(theirs.includes(`+by ${winner}`) && own.includes(`+by ${loser}`), text);
  assert(text.includes("Binary files a/blob and b/blob differ") && !text.includes(secret), text);
  assertEquals(await sandbox.git("show", `refs/omk/${await sandbox.runId()}/head:told.txt`), text.trim());
  assert((await sandbox.omkEnds(0, ["explain", "latest", loser])).stdout.includes(path));
  const shown = await sandbox.omkJson(["show", "latest", loser, "--json"]);
  assertEquals(shown.attempts[0].conflicts[0].diffs, path);
  assert((await sandbox.omkEnds(0, ["show", "latest", loser])).stdout.includes(path));
  const proof = JSON.parse(await Deno.readTextFile(`${directory}/proof.json`));
  assert(proof.artifacts.some((each: { readonly path: string }) => each.path === path));
  await sandbox.omkEnds(0, ["verify"]);
  await Deno.writeTextFile(`${directory}/${path}`, "x", { append: true });
  assertMatch((await sandbox.omkEnds(1, ["verify"])).stdout, /conflict\.diff/);
});

Deno.test("P6: 20 tasks with real textual conflicts end merged or reported, and none of their work is lost", async () => {
  await using sandbox = await Sandbox.withRepository({
    ...Object.fromEntries([0, 1, 2, 3, 4].map((at) => [`f${at}.txt`, "start\n"])),
    ".gitattributes": "",
  });
  // What a user's git would obey here changes nothing: neither attributes that nobody has committed nor a merge driver.
  await sandbox.write({ ".gitattributes": "* merge=mine\n", ".git/info/attributes": "* merge=mine\n" });
  await sandbox.git("config", "merge.mine.driver", `touch ${sandbox.root}/driver-ran`);
  // Three tasks on each of four files can all be merged within the limit; not so eight on the fifth.
  const fileOf = (at: number) => `f${at < 12 ? Math.floor(at / 3) : 4}.txt`;
  const tasks = Array.from({ length: 20 }, (_, at) => ({
    id: `t${at}`,
    run: `${meet(sandbox.root, 20)}; echo "t${at}" >> ${fileOf(at)}`,
  }));
  await sandbox.plan({ version: 1, workers: 20, gates: [{ name: "ok", command: "true" }], tasks });
  await sandbox.omkEnds(1, ["run", "--base", "HEAD"]);
  const refs = `refs/omk/${await sandbox.runId()}`;
  const { tasks: standings } = await sandbox.omkJson(["status", "--json"]);
  const merged: string[] = [];
  for (const [at, { id, state, reason, attempt }] of standings.entries()) {
    const file = fileOf(at);
    const count = (text: string) => text.split("\n").filter((line) => line === id).length;
    assertEquals(count(await sandbox.git("show", `${refs}/head:${file}`)), state === "completed" ? 1 : 0, id);
    if (state === "completed") {
      merged.push(id);
      continue;
    }
    assertEquals([state, file], ["failed", "f4.txt"], id);
    assertMatch(reason, /conflicts with what was merged before it in f4\.txt/);
    assertEquals(count(await sandbox.git("show", `${refs}/task/${id}/${attempt}/pin:${file}`)), 1, id);
  }
  assert(merged.length >= 13 && merged.length < 20, merged.join());
  const conflicts = await sandbox.payloads("merge_conflicted");
  assert(conflicts.every((each) => each["diffs"] !== undefined));
  await sandbox.omkEnds(0, ["verify"]);
  assertEquals((await sandbox.sh(`ls ${sandbox.root}/driver-ran`)).code === 0, false);
});
