import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { pullRequestOf } from "../../src/proof/pull_request.ts";
import { type Proof, proofSchema } from "../../src/proof/schema.ts";
import { ProofBench } from "./proved_run.ts";

const NAMES = new Map([["a", "limit each key to 100 requests a minute"]]);
const DURATION = (ms: number) => `${ms}ms`;

async function proofOf(red = false): Promise<Proof> {
  await using bench = await ProofBench.create();
  const run = await bench.run({ red });
  return proofSchema.parse(JSON.parse(await Deno.readTextFile(`${run.directory}/proof.json`)));
}

Deno.test("pullRequestOf() takes the title of the only task, and tells gates, changes, gaps and evidence", async () => {
  const proof = await proofOf();
  const { title, body } = pullRequestOf(proof, NAMES, DURATION);
  assertEquals(title, "Limit each key to 100 requests a minute");
  assertStringIncludes(body, "| `test` | passed | delivered tree |");
  assertStringIncludes(body, "- modified `a.txt`");
  assertStringIncludes(body, proof.git?.tree ?? "no tree");
  assertStringIncludes(body, `check it: \`omk verify ${proof.run_id}\`, or after \`omk proof attach\``);
  assert(!body.includes("changed nothing"), body);
  const tasks = proof.tasks.map((task) => ({ ...task, commit: null }));
  assertStringIncludes(
    pullRequestOf({ ...proof, tasks }, NAMES, DURATION).body,
    "- `a`: limit each key to 100 requests a minute (changed nothing)",
  );
  assert(!body.includes("### Failed"), body);
  const failed = pullRequestOf(await proofOf(true), NAMES, DURATION);
  assertStringIncludes(failed.body, "| `test` | **failed** |");
  assertStringIncludes(failed.body, "### Failed");
});

Deno.test("pullRequestOf() takes nothing from names and paths for markup, and fits a forge", async () => {
  const proof = await proofOf();
  const paths = Array.from({ length: 5000 }, (_, at) => ({
    path: `dir/<b>\`${at}\`|x`,
    change: "added" as const,
    tasks: ["a"],
  }));
  const evil: Proof = {
    ...proof,
    name: "<img src=x>\n# big",
    changed: { ...proof.changed, paths },
    known_gaps: Array.from({ length: 5000 }, () => "[click](javascript:x) <script>"),
  };
  const { title, body } = pullRequestOf(evil, new Map([["a", `${"long ".repeat(40)}\n<b>`]]), DURATION);
  assert(!title.includes("\n") && title.length <= 72, title);
  assert(body.length < 65_536, String(body.length));
  assertStringIncludes(body, "and 4950 more");
  assert(
    !/(?<!\\)<script/.test(body) && !/(?<!\\)\[click/.test(body) && !/^# big/m.test(body),
    body.slice(0, 500),
  );
  assertMatch(body, /- added `` dir\/<b>`0`\\\|x ``/);
});
