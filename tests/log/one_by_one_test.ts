import { assertEquals, assertRejects } from "@std/assert";
import { OneByOne } from "../../src/log/one_by_one.ts";

/** Batches that say when nobody wants more of them. */
async function* batches(told: string[], failure?: Error): AsyncGenerator<readonly number[], void> {
  try {
    yield [1, 2];
    yield await Promise.resolve([3]);
    if (failure !== undefined) throw failure;
    yield [4];
  } finally {
    told.push("done");
  }
}

Deno.test("OneByOne gives every value of every batch, in order", async () => {
  const told: string[] = [];
  const values = new OneByOne(batches(told));
  assertEquals(await Array.fromAsync(values), [1, 2, 3, 4]);
  assertEquals(told, ["done"]);
  assertEquals(await values.next(), { value: undefined, done: true });
});

Deno.test("OneByOne lets go of the batches when its user has enough, and gives nothing more", async () => {
  const told: string[] = [];
  const values = new OneByOne(batches(told));
  for await (const value of values) if (value === 1) break;
  assertEquals(told, ["done"]);
  assertEquals(await values.next(), { value: undefined, done: true });
});

Deno.test("OneByOne fails as the batches do, behind the values before", async () => {
  const values = new OneByOne(batches([], new Error("torn")));
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (const value of values) seen.push(value);
    },
    Error,
    "torn",
  );
  assertEquals(seen, [1, 2, 3]);
});
