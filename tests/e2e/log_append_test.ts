/** `omk log append` by several processes at once, one of which is killed. */

import { assert, assertEquals } from "@std/assert";
import { verifyLog } from "../../src/log/verify.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { collect, linesOf } from "../log/fixture.ts";
import { program, Sandbox } from "./harness.ts";

/** Answers that the victim has given at least when it is killed: with fewer, nothing would be shown. */
const TRAFFIC = 200;
const LINES = 400;

interface Acknowledged {
  readonly index: number;
  readonly id: string;
}

function spawnAppend(sandbox: Sandbox, ...words: readonly string[]): Deno.ChildProcess {
  const { command, args } = program();
  return new Deno.Command(command, {
    args: [...args, "log", "append", "audit.jsonl", ...words],
    cwd: sandbox.project,
    env: sandbox.env,
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

async function feed(child: Deno.ChildProcess, tag: string, count: number): Promise<void> {
  const writer = child.stdin.getWriter();
  for (let i = 0; i < count; i++) {
    const line = JSON.stringify({ kind: "note", actor: tag, payload: { i } });
    await writer.write(new TextEncoder().encode(`${line}\n`));
  }
  await writer.close();
}

Deno.test("P2: omk log append by four processes, one of them killed: what was answered is in the log once", async () => {
  await using sandbox = await Sandbox.create();
  const acknowledged: Acknowledged[] = [];
  const victim = spawnAppend(sandbox);
  // It never comes to its end; what breaks off its input is its death.
  const feeding = feed(victim, "victim", Infinity).catch(() => {});
  const writers = ["a", "b", "c"].map(async (tag) => {
    const child = spawnAppend(sandbox, "--durability", tag === "a" ? "strict" : "none");
    const fed = feed(child, tag, LINES);
    const own: Acknowledged[] = [];
    for await (const line of linesOf(child.stdout)) own.push(JSON.parse(line));
    await fed;
    assertEquals([(await child.status).code, own.length], [0, LINES]);
    assert(
      own.every(({ index }, at) => at === 0 || index > (own[at - 1]?.index ?? 0)),
      "answers out of order",
    );
    acknowledged.push(...own);
  });
  let traffic = 0;
  for await (const line of linesOf(victim.stdout)) {
    acknowledged.push(JSON.parse(line));
    if (++traffic === TRAFFIC) victim.kill("SIGKILL");
  }
  assertEquals((await victim.status).signal, "SIGKILL");
  await feeding;
  await Promise.all(writers);

  // Whatever the victim left half written, the next append goes on behind what was whole.
  const { code, stdout } = await sandbox.omk(["log", "append", "audit.jsonl"], { stdin: '{"kind":"last"}' });
  assertEquals(code, 0);
  acknowledged.push(JSON.parse(stdout));
  const path = `${sandbox.project}/audit.jsonl`;
  assertEquals((await verifyLog(path)).verdict, "verified");
  const events = await collect(new TolerantReader(path));
  assertEquals(events.map(({ index }) => index), events.map((_, at) => at));
  for (const { index, id } of acknowledged) assertEquals(events[index]?.id, id);
  assertEquals(new Set(acknowledged.map(({ index }) => index)).size, acknowledged.length);
  for (const tag of ["a", "b", "c", "victim"]) {
    const own = events.filter(({ actor }) => actor === tag).map(({ payload }) => JSON.stringify(payload));
    assertEquals(own, own.map((_, i) => JSON.stringify({ i })), `the events of ${tag} are in order`);
  }
});

Deno.test("omk log append names the line that is no event, and appends the others", async () => {
  await using sandbox = await Sandbox.create();
  const append = (stdin: string) => sandbox.omk(["log", "append", "audit.jsonl"], { stdin });
  const { code, stdout, stderr } = await append('{"kind":"a"}\nno event\n{"kind":"b"}\n');
  assertEquals(code, 1);
  assertEquals(stdout.trimEnd().split("\n").map((line) => JSON.parse(line).index ?? JSON.parse(line)), [
    0,
    { line: 2, error: "not JSON" },
    1,
  ]);
  assertEquals(stderr, "warning: line 2 was not appended: not JSON\n");
});
