import { assert, assertEquals, assertRejects } from "@std/assert";
import { WorktreeLockError } from "../../src/git/errors.ts";
import { tryLockFile, WorktreeLock } from "../../src/git/worktree_lock.ts";

// The late requests end some time after the test, when the system grants them.
const SANITIZERS = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "WorktreeLock lets one in at a time, gives up in time, and hands a late grant back",
  SANITIZERS,
  async () => {
    const directory = await Deno.makeTempDir();
    try {
      const path = `${directory}/lock`;
      const locks = [new WorktreeLock(path), new WorktreeLock(path)];
      let inside = 0;
      await Promise.all(Array.from({ length: 20 }, async (_, at) => {
        using _lock = await locks[at % 2]?.acquire();
        assertEquals(++inside, 1);
        await Promise.resolve();
        inside--;
      }));
      const impatient = new WorktreeLock(path, 20);
      const held = await tryLockFile(path);
      assert(held !== null);
      assertEquals(await tryLockFile(path), null);
      const error = await assertRejects(
        () => impatient.acquire(),
        WorktreeLockError,
        "have held the lock for 0.02 s",
      );
      assertEquals(error.exitCode, 5);
      await assertRejects(() => impatient.acquire(), WorktreeLockError);
      held.close();
      // Granted after the late requests have given it back.
      using _again = await new WorktreeLock(path).acquire();
      assertEquals(await tryLockFile(path), null);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);
