import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { TemporaryDirectory } from "../log/fixture.ts";
import type { FullDiskReport } from "./full_disk_writer.ts";

const WRITER = fromFileUrl(new URL("full_disk_writer.ts", import.meta.url));

/** Fills a small disk that only the process itself can see. */
async function fillSmallDisk(directory: string, size: string): Promise<FullDiskReport> {
  const script =
    `mount -t tmpfs -o size=${size} tmpfs "$0" && head -c 65536 /dev/zero > "$0/filler" && exec "$@"`;
  const asUser = Deno.uid() === 0 ? [] : ["--map-root-user"];
  const { code, stdout } = await new Deno.Command("unshare", {
    args: [
      ...asUser,
      "--mount",
      "sh",
      "-c",
      script,
      directory,
      Deno.execPath(),
      "run",
      "--no-check",
      "-A",
      WRITER,
      directory,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  assertEquals(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("P2: on a disk that is full and then has room again, nothing acknowledged is lost and nothing torn stays", async () => {
  for (const size of ["256k", "304k"]) {
    using directory = new TemporaryDirectory();
    const report = await fillSmallDisk(directory.path, size);
    assert(report.acknowledged.length > 50, "void: too little was written before the disk was full");
    assert(report.failures.length >= 3, "void: the disk was never full");
    assertEquals(report.recovered, 20);
    for (const reason of report.failures) assert(/No space left|bytes were written/.test(reason), reason);
    // A failed append leaves the log as it was.
    for (const [before, after] of report.sizes) assertEquals(after, before);
    assertEquals(report.acknowledged, report.acknowledged.map((_, i) => i));
    assertEquals([report.verdict, report.events], ["verified", report.acknowledged.length]);
  }
});
