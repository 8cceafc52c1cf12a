import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  CHECKSUMS_FILE,
  requireReleasable,
  requireTag,
  TARGETS,
  writeChecksums,
} from "../../scripts/release.ts";
import { VERSION } from "../../src/version.ts";

Deno.test("requireTag() takes the tag of the version alone", () => {
  requireTag(`v${VERSION}`);
  for (const tag of [VERSION, "v0.0.0", ""]) assertThrows(() => requireTag(tag), Error, "Cannot release");
});

Deno.test("requireReleasable() refuses the fallback runtime, changed checkouts, and what says nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // As an executable has it: amid other bytes, here across the border of two windows.
    const check = async (stamp: string, before = 4 * 1024 * 1024 - 10) => {
      const path = join(folder, "omk");
      const bytes = new Uint8Array(before + stamp.length + 100_000);
      bytes.set(new TextEncoder().encode(stamp), before);
      await Deno.writeFile(path, bytes);
      await requireReleasable(path);
    };
    const commit = "0123456789".repeat(4);
    await check(`"runtime=own&commit=${commit}"`);
    await check(`"runtime=own&commit=${commit}"`, 5);
    await check(`"runtime=denort_bin&commit=${commit}"`);
    await assertRejects(
      () => check(`"runtime=fallback&commit=${commit}"`),
      Error,
      'its runtime is "fallback"',
    );
    await assertRejects(
      () => check(`"runtime=own&commit=${commit}-dirty"`),
      Error,
      "commit everything first",
    );
    await assertRejects(() => check(`"runtime=own"`), Error, "from no commit");
    await assertRejects(() => check("nothing"), Error, "does not say");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writeChecksums() writes what sha256sum checks", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "a"), "one");
    await Deno.writeTextFile(join(folder, "b"), "two");
    await writeChecksums(folder, ["a", "b"]);
    const command = new Deno.Command("sha256sum", { args: ["-c", CHECKSUMS_FILE], cwd: folder });
    assertEquals(new TextDecoder().decode((await command.output()).stdout), "a: OK\nb: OK\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the release, the install script and the workflow name the same files", async () => {
  const read = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
  const script = await read("scripts/install.sh");
  const workflow = await read(".github/workflows/release.yml");
  for (const { file } of TARGETS) {
    const [, system, machine] = file.split("-");
    assertEquals([script.includes(`system=${system}`), script.includes(`machine=${machine}`)], [true, true]);
    assertEquals(workflow.includes(file), true, file);
  }
});
