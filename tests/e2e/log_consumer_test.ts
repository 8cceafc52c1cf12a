/** `omk log tail --consumer` that is killed: the next one under that name misses nothing. */

import { assert, assertEquals } from "@std/assert";
import { linesOf } from "../log/fixture.ts";
import { program, Sandbox } from "./harness.ts";

const EVENTS = 600;
/** Events that the consumer has printed at least when it is killed. */
const TRAFFIC = 100;

Deno.test("a consumer that is killed is given every event at least once, in order", async () => {
  await using sandbox = await Sandbox.create();
  const lines = Array.from(
    { length: EVENTS },
    (_, i) => JSON.stringify({ kind: "note", payload: "x".repeat(1000 + i) }),
  );
  const { code } = await sandbox.omk(["log", "append", "audit.jsonl"], { stdin: lines.join("\n") });
  assertEquals(code, 0);
  const { command, args } = program();
  const tail = ["log", "tail", "audit.jsonl", "--json", "--consumer", "shipper"];
  const victim = new Deno.Command(command, {
    args: [...args, ...tail, "--follow"],
    cwd: sandbox.project,
    env: sandbox.env,
    clearEnv: true,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const before: number[] = [];
  for await (const line of linesOf(victim.stdout)) {
    if (line.endsWith("}")) before.push(JSON.parse(line).index);
    if (before.length === TRAFFIC) victim.kill("SIGKILL");
  }
  assertEquals((await victim.status).signal, "SIGKILL");
  const { stdout } = await sandbox.omk(tail);
  const after = stdout.trimEnd().split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line).index
  );
  const next = after[0] ?? EVENTS;
  assert(next <= before.length, `event ${before.length} comes before ${next}`);
  assertEquals(before, before.map((_, at) => at));
  assertEquals(after, Array.from({ length: EVENTS - next }, (_, at) => next + at));
  assertEquals((await sandbox.omk(tail)).stdout, "");
});
