/** What belongs to the user and must not change while omk works: everything but what is omk's own. */

import { assertEquals } from "@std/assert";
import type { Sandbox } from "./harness.ts";

/**
 * Where omk keeps its own files, and where git keeps objects, which a pin may add to, and refs, which it may pack;
 * relative to the project.
 */
const NOT_THE_USERS = [".git/omk", ".git/objects", ".git/refs", ".git/packed-refs"];

/** Paths with their kind, mode and content, and all refs but omk's. */
export type UserState = ReadonlyMap<string, string>;

/** Takes down the user's checkout, refs, stash, config, index and hooks, byte by byte. */
export async function userState(sandbox: Sandbox): Promise<UserState> {
  const state = new Map<string, string>();
  await takeDown(sandbox.project, "", state);
  await takeDown(`${sandbox.root}/home`, "", state, "home:");
  const refs = await sandbox.git("for-each-ref", "--format=%(refname) %(objectname)");
  for (const line of refs.split("\n")) {
    const [name = "", id = ""] = line.split(" ");
    if (!name.startsWith("refs/omk/")) state.set(`ref:${name}`, id);
  }
  return state;
}

/** Makes sure that nothing of the user's but `allowed` has changed, and that the repository is whole (P13). */
export async function assertUntouched(
  sandbox: Sandbox,
  before: UserState,
  allowed: readonly string[] = [],
): Promise<void> {
  const after = await userState(sandbox);
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((key) =>
    before.get(key) !== after.get(key) && !allowed.includes(key)
  );
  assertEquals(changed.map((key) => `${key}: ${before.get(key)} -> ${after.get(key)}`), []);
  await sandbox.git("fsck", "--full", "--strict", "--no-dangling");
}

async function takeDown(root: string, path: string, state: Map<string, string>, label = ""): Promise<void> {
  for await (const entry of Deno.readDir(`${root}/${path}`)) {
    const name = path === "" ? entry.name : `${path}/${entry.name}`;
    if (label === "" && NOT_THE_USERS.includes(name)) continue;
    const full = `${root}/${name}`;
    if (entry.isSymlink) state.set(label + name, `link ${await Deno.readLink(full)}`);
    else if (entry.isDirectory) await takeDown(root, name, state, label);
    else {
      const { mode } = await Deno.lstat(full);
      const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(full));
      state.set(label + name, `${mode?.toString(8)} ${new Uint8Array(digest).toHex()}`);
    }
  }
}
