import { assertEquals, assertStrictEquals } from "@std/assert";
import { PipeReader } from "../../src/process/pipe_reader.ts";

function spawn(script: string): Deno.ChildProcess {
  return new Deno.Command("/bin/sh", {
    args: ["-c", script],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  })
    .spawn();
}

Deno.test("PipeReader reads pipes to their ends, one after the other", async () => {
  for (const word of ["first", "second"]) {
    await using child = spawn(`read -r word; printf %s "$word"`);
    const reader = new PipeReader(child.stdout);
    const writer = child.stdin.getWriter();
    const read = reader.read();
    await writer.write(new TextEncoder().encode(`${word}\n`));
    await writer.close();
    const bytes = await read ?? new Uint8Array();
    assertEquals(new TextDecoder().decode(bytes), word);
    assertEquals([await reader.read(), await reader.read()], [null, null]);
  }
});

Deno.test("PipeReader reads two pipes at once, each into a buffer of its own", async () => {
  await using one = spawn("read -r a; head -c 300000 /dev/zero | tr '\\0' 1");
  await using two = spawn("read -r a; head -c 300000 /dev/zero | tr '\\0' 2");
  const count = async (child: Deno.ChildProcess, byte: number) => {
    const reader = new PipeReader(child.stdout);
    await child.stdin.close();
    let bytes = 0;
    for (let next = await reader.read(); next !== null; next = await reader.read()) {
      assertEquals(next.every((each) => each === byte), true);
      bytes += next.length;
    }
    return bytes;
  };
  assertEquals(await Promise.all([count(one, 0x31), count(two, 0x32)]), [300_000, 300_000]);
});

Deno.test("PipeReader.cancel() ends a read that waits", async () => {
  await using child = spawn("read -r a");
  const reader = new PipeReader(child.stdout);
  const read = reader.read();
  await reader.cancel();
  assertStrictEquals(await read, null);
  await child.stdin.close();
});
