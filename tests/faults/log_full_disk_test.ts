import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { canMount, MOUNT_NAMESPACE } from "../e2e/mount_namespace.ts";
import { TemporaryDirectory } from "../log/fixture.ts";
import type { FullDiskReport } from "./full_disk_writer.ts";
import { report, share } from "./share.ts";

const WRITER = fromFileUrl(new URL("full_disk_writer.ts", import.meta.url));

/** Fills a small disk that only the process itself can see. */
async function fillSmallDisk(directory: string, size: string): Promise<FullDiskReport> {
  const script =
    `mount -t tmpfs -o size=${size} tmpfs "$0" && head -c 65536 /dev/zero > "$0/filler" && exec "$@"`;
  const { code, stdout } = await new Deno.Command("unshare", {
    args: [
      ...MOUNT_NAMESPACE,
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

Deno.test(
  "P2: on a disk that is full and then has room again, nothing acknowledged is lost and nothing torn stays",
  { ignore: !canMount() },
  async () => {
    const counts = { disks: 0, acknowledged: 0, "failed appends": 0, "acknowledged with room again": 0 };
    for (const kilobytes of share([256, 304], [200, 256, 260, 272, 300, 304, 400, 512, 1000])) {
      using directory = new TemporaryDirectory();
      const filled = await fillSmallDisk(directory.path, `${kilobytes}k`);
      assert(filled.acknowledged.length > 50, "void: too little was written before the disk was full");
      assert(filled.failures.length >= 3, "void: the disk was never full");
      assertEquals(filled.recovered, 20);
      for (const reason of filled.failures) assert(/No space left|bytes were written/.test(reason), reason);
      // A failed append leaves the log as it was.
      for (const [before, after] of filled.sizes) assertEquals(after, before);
      assertEquals(filled.acknowledged, filled.acknowledged.map((_, i) => i));
      assertEquals([filled.verdict, filled.events], ["verified", filled.acknowledged.length]);
      counts.disks++;
      counts.acknowledged += filled.acknowledged.length;
      counts["failed appends"] += filled.failures.length;
      counts["acknowledged with room again"] += filled.recovered;
    }
    report("small disks", counts);
  },
);
