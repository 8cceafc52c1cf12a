import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkDirectory } from "../../../src/cli/doctor/check_directory.ts";
import {
  type FileSystemFacts,
  type FileSystemProbe,
  isNetworkType,
  type LockVerdict,
  machineProbe,
} from "../../../src/cli/doctor/file_system.ts";
import { PlainPlace } from "../fixture.ts";

const GB = 1024 ** 3;
const PLENTY: FileSystemFacts = { type: "ext2/ext3", freeBytes: 100 * GB, freeFiles: 10_000_000 };
const EXCLUSIVE: LockVerdict = { kind: "exclusive", between: "processes" };

/** A file system that is not at hand. */
function fileSystem(facts: Partial<FileSystemFacts>, verdict: LockVerdict = EXCLUSIVE): FileSystemProbe {
  return {
    facts: () => Promise.resolve({ ...PLENTY, ...facts }),
    tryLock: () => Promise.resolve(verdict),
  };
}

Deno.test("checkDirectory() tries a directory that does not exist yet where it would be made", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.root}/a/b/c`;
  const [found] = await checkDirectory({ check: "state", path, optional: false }, fileSystem({}));
  assertEquals(found?.found, `${path} (not made yet): it can be written to, locked and synced, on ext2/ext3`);
  assertEquals((await Array.fromAsync(Deno.readDir(place.root))).map(({ name }) => name), ["project"]);
});

Deno.test("checkDirectory() says what keeps a directory from being used, and what that means", async () => {
  await using place = await PlainPlace.make();
  const file = `${place.root}/file`;
  await Deno.writeTextFile(file, "");
  const [state] = await checkDirectory({ check: "state", path: `${file}/omk`, optional: false });
  assertEquals([state?.level, state?.why], ["error", "a run cannot keep its log"]);
  const [usual] = await checkDirectory({ check: "worktrees", path: `${file}/omk`, optional: true });
  assertEquals(usual?.level, "warning");
  const [chosen] = await checkDirectory({ check: "worktrees", path: "/proc/x", optional: false });
  assertEquals([chosen?.level, chosen?.why], ["error", "omk uses no other directory than the chosen one"]);
});

Deno.test("checkDirectory() tells locks that do not hold, networks, memory and full disks", async () => {
  await using place = await PlainPlace.make();
  const look = async (probe: FileSystemProbe, check = "state") =>
    (await checkDirectory({ check, path: place.cwd, optional: false }, probe))
      .filter(({ level }) => level !== "ok").map(({ level, found }) => `${level} ${found}`);
  const at = place.cwd;
  assertEquals(await look(fileSystem({})), []);
  assertEquals(await look(fileSystem({}, { kind: "shared" })), [
    `error the file system of ${at} lets two hold one lock at once`,
  ]);
  assertEquals(await look(fileSystem({}, { kind: "refused", reason: "not supported" })), [
    `error the file system of ${at} cannot lock or sync files: not supported`,
  ]);
  assertEquals(await look(fileSystem({ type: "nfs4" })), [
    `warning ${at} is on a network file system (nfs4)`,
  ]);
  assertEquals(await look(fileSystem({ type: "tmpfs" })), [`note ${at} is in memory (tmpfs)`]);
  assertEquals(await look(fileSystem({ freeBytes: 0.5 * GB })), [`warning 537 MB free at ${at}`]);
  assertEquals(await look(fileSystem({ freeBytes: 1000, freeFiles: 10 })), [
    `error 1.0 kB free at ${at}`,
    `error room for only 10 more files at ${at}`,
  ]);
  assertEquals(await look(fileSystem({ type: null, freeBytes: null, freeFiles: null })), []);
});

Deno.test("machineProbe really locks against another process, and knows the file system", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/lock`;
  await Deno.writeTextFile(path, "");
  const verdict = await machineProbe.tryLock(path);
  assertEquals(verdict.kind, "exclusive");
  const facts = await machineProbe.facts(place.cwd);
  assertEquals(typeof facts.freeBytes, "number");
  using held = Deno.openSync(path, { read: true, write: true });
  held.lockSync(true);
  assertEquals(await machineProbe.tryLock(path), { kind: "refused", reason: "a new file is locked already" });
  const missing = await machineProbe.tryLock(`${place.cwd}/none`);
  assertStringIncludes(missing.kind === "refused" ? missing.reason : "", "No such file");
});

Deno.test("isNetworkType() knows the names that stat gives", () => {
  for (const type of ["nfs", "nfs4", "smb2", "cifs", "v9fs", "ceph", "lustre", "fuse.sshfs"]) {
    assertEquals(isNetworkType(type), true, type);
  }
  for (const type of ["ext2/ext3", "xfs", "btrfs", "tmpfs", "overlayfs", "zfs"]) {
    assertEquals(isNetworkType(type), false, type);
  }
});
