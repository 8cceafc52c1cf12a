import { assert, assertEquals, assertRejects } from "@std/assert";
import { LogIoError } from "../../src/log/errors.ts";
import { ReadAhead } from "../../src/log/read_ahead.ts";
import { TemporaryDirectory } from "./fixture.ts";

/** More than two pieces. */
const BYTES = Uint8Array.from({ length: 700_001 }, (_, i) => (i * 31) % 251);

function written(directory: TemporaryDirectory): string {
  const path = directory.file();
  Deno.writeFileSync(path, BYTES);
  return path;
}

Deno.test("ReadAhead gives the bytes of a range, piece by piece, and ends", async () => {
  using directory = new TemporaryDirectory();
  const path = written(directory);
  using file = Deno.openSync(path);
  for (const [start, end] of [[0, BYTES.length], [7, 600_000], [12, 13], [5, 5]] as const) {
    await using ahead = await ReadAhead.start(path, file, start, end);
    const pieces: Uint8Array[] = [];
    for (let piece = await ahead.next(); piece !== undefined; piece = await ahead.next()) {
      // It stays as it is while the next one is being read.
      const copy = piece.slice();
      await Deno.stat(path);
      assertEquals(piece, copy);
      pieces.push(copy);
    }
    assertEquals(new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()), BYTES.slice(start, end));
    assertEquals(await ahead.next(), undefined);
  }
});

Deno.test("ReadAhead ends where a file is shorter than was said", async () => {
  using directory = new TemporaryDirectory();
  const path = written(directory);
  using file = Deno.openSync(path);
  await using ahead = await ReadAhead.start(path, file, BYTES.length - 3, BYTES.length + 1000);
  assertEquals((await ahead.next())?.length, 3);
  assertEquals(await ahead.next(), undefined);
});

Deno.test("ReadAhead hands out a piece before the error of the one behind it", async () => {
  using directory = new TemporaryDirectory();
  const path = written(directory);
  const file = Deno.openSync(path);
  await using ahead = await ReadAhead.start(path, file, 0, BYTES.length);
  assert((await ahead.next())?.length);
  // The read that is under way ends as it likes; the next one finds the file closed.
  file.close();
  const error = await assertRejects(async () => {
    while (await ahead.next() !== undefined);
  }, LogIoError);
  assertEquals([error.path, error.operation], [path, "read"]);
});
