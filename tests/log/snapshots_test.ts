import { assert, assertEquals } from "@std/assert";
import { createRunLog } from "../../src/log/file_log.ts";
import { readSnapshot, writeSnapshot } from "../../src/log/snapshots.ts";
import { scanLog } from "../../src/log/scan.ts";
import { fact, OPTIONS, runStarted, TemporaryDirectory } from "./fixture.ts";
import type { LogPosition } from "../../src/log/port.ts";

/** A log in segments, and the places behind its commits. */
async function logged(directory: TemporaryDirectory): Promise<LogPosition[]> {
  {
    await using log = await createRunLog(directory.file(), { ...OPTIONS, segmentBytes: 2000 });
    await log.append([runStarted()]);
    for (let i = 0; i < 20; i++) await log.append([fact(`${i}`), fact("x")]);
  }
  const places: LogPosition[] = [];
  for await (const commits of scanLog(directory.file())) places.push(...commits.map(({ after }) => after));
  return places;
}

/** A fold that counts: its state is how many events there were, and the last of their ids. */
async function fold(path: string, start?: { position: LogPosition; state: unknown }): Promise<string> {
  let state = (start?.state ?? { count: 0, last: "" }) as { count: number; last: string };
  for await (const commits of scanLog(path, start === undefined ? {} : { position: start.position })) {
    for (const { id } of commits.flatMap(({ events }) => events)) {
      state = { count: state.count + 1, last: id };
    }
  }
  return JSON.stringify(state);
}

Deno.test("P1: a fold from a snapshot and what follows it gives what a fold of the whole log gives", async () => {
  using directory = new TemporaryDirectory();
  const places = await logged(directory);
  const path = directory.file();
  const whole = await fold(path);
  assertEquals(await readSnapshot(path), undefined);
  for await (const commits of scanLog(path)) {
    for (const { after, events } of commits) {
      await writeSnapshot(path, {
        position: after,
        state: { count: after.index + 1, last: events.at(-1)?.id ?? "" },
      });
      const snapshot = await readSnapshot(path);
      assertEquals(snapshot?.position, after);
      assert(snapshot !== undefined);
      assertEquals(await fold(path, snapshot), whole);
    }
  }
  const last = places.at(-1)?.index ?? 0;
  const kept = directory.names().filter((name) => name.startsWith("snapshot-"));
  assertEquals(kept.sort(), [`snapshot-${last - 2}.json`, `snapshot-${last}.json`]);
  assertEquals((await readSnapshot(path, { until: last - 1 }))?.position.index, last - 2);
  assertEquals(await readSnapshot(path, { until: last - 3 }), undefined);
});

Deno.test("readSnapshot() passes over what is damaged, cut, of another log, ahead of it, or refused, and says why", async () => {
  using directory = new TemporaryDirectory();
  const places = await logged(directory);
  const path = directory.file();
  const [older, newer] = places.slice(-2);
  assert(older !== undefined && newer !== undefined);
  await writeSnapshot(path, { position: older, state: "older" });
  const file = directory.file(`snapshot-${newer.index}.json`);
  let passedOver: string[] = [];
  const find = async () => {
    passedOver = [];
    const found = await readSnapshot(path, {
      refuse: (state) => state === "unwanted" ? "it is not wanted" : undefined,
      onPassedOver: (name, why) => passedOver.push(`${name}: ${why}`),
    });
    return found?.state;
  };
  await writeSnapshot(path, { position: newer, state: "newer" });
  assertEquals([await find(), passedOver], ["newer", []]);
  const good = Deno.readTextFileSync(file);
  for (const bad of ["", good.slice(0, -20), good.replace("newer", "never"), "not\njson"]) {
    Deno.writeTextFileSync(file, bad);
    assertEquals([await find(), passedOver], ["older", [`${file}: it is not as it was written`]]);
  }
  for (
    const position of [
      { ...newer, sum: older.sum },
      { ...newer, offset: newer.offset + 500 },
      { ...newer, offset: 10 },
    ]
  ) {
    await writeSnapshot(path, { position, state: "wrong" });
    assertEquals([await find(), passedOver], ["older", [
      `${file}: the log does not have its commit at its place`,
    ]]);
  }
  await writeSnapshot(path, { position: newer, state: "unwanted" });
  assertEquals([await find(), passedOver], ["older", [`${file}: it is not wanted`]]);
  Deno.removeSync(file);
  Deno.mkdirSync(file);
  assertEquals(await find(), "older");
  assertEquals(passedOver.length, 1);
  const kept = await writeSnapshot(path, { position: newer, state: "newer" }).then(() => true, () => false);
  assertEquals([kept, directory.names().filter((name) => name.endsWith(".new"))], [false, []]);
  assertEquals(await readSnapshot(directory.file("nowhere/events.jsonl")), undefined);
});
