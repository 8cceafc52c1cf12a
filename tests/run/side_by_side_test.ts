import { assertEquals, assertRejects } from "@std/assert";
import { asRoomAllows } from "../../src/run/side_by_side.ts";

/** Work whose end the test decides, with what is at work. */
function stage() {
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (item: string) => {
    const end = Promise.withResolvers<string>();
    ends.set(item, end);
    return end.promise.finally(() => ends.delete(item));
  };
  const settle = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return {
    work,
    async running() {
      await settle();
      return [...ends.keys()].join(" ");
    },
    end: (item: string) => ends.get(item)?.resolve(item.toUpperCase()),
    fail: (item: string) => ends.get(item)?.reject(new Error(item)),
  };
}

Deno.test("asRoomAllows() begins each piece once there is room, and keeps the order of the results", async () => {
  const { work, running, end } = stage();
  // Two at once, and of those with a digit one.
  const hasRoom = (item: string, beside: readonly string[]) =>
    beside.length < 2 && !(/\d/.test(item) && beside.some((each) => /\d/.test(each)));
  const all = asRoomAllows(["a1", "b2", "c", "d"], hasRoom, work);
  assertEquals(await running(), "a1 c");
  end("c");
  assertEquals(await running(), "a1 d");
  end("a1");
  assertEquals(await running(), "d b2");
  end("d");
  end("b2");
  assertEquals(await all, ["A1", "B2", "C", "D"]);
});

Deno.test("asRoomAllows() runs one where nothing has room, and waits for the rest where one fails", async () => {
  const { work, running, end, fail } = stage();
  const all = asRoomAllows(["a", "b"], () => false, work);
  assertEquals(await running(), "a");
  fail("a");
  assertEquals(await running(), "b");
  end("b");
  await assertRejects(() => all, Error, "a");
});
