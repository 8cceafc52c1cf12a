/**
 * Texts that are checked in as they were last looked at, so that a change of what people see is seen in review.
 * `UPDATE_SNAPSHOTS=1 deno task test tests/cli` writes them anew; look at the difference before it is committed.
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const UPDATE = "UPDATE_SNAPSHOTS";
const updates = Deno.env.get(UPDATE) === "1";

/** One folder of snapshots, `tests/cli/snapshots/<name>/`, one file for each text. */
export class Snapshots {
  readonly #folder: string;
  readonly #used = new Set<string>();

  constructor(name: string) {
    this.#folder = fromFileUrl(new URL(`./cli/snapshots/${name}`, import.meta.url));
  }

  /** Compares a text with the snapshot of a file name, such as `run.txt`. */
  async check(file: string, actual: string): Promise<void> {
    this.#used.add(file);
    const path = `${this.#folder}/${file}`;
    if (updates) {
      await Deno.mkdir(this.#folder, { recursive: true });
      await Deno.writeTextFile(path, actual);
    }
    const expected = await readOrEmpty(path);
    assertEquals(
      actual,
      expected,
      `${path} differs; where that is meant: ${UPDATE}=1 deno task test tests/cli`,
    );
  }

  /** Makes sure that every snapshot of the folder was compared since this object was made. */
  async checkNoOthers(): Promise<void> {
    const others = (await Array.fromAsync(Deno.readDir(this.#folder)))
      .map(({ name }) => name)
      .filter((name) => !this.#used.has(name));
    if (updates) { for (const name of others) await Deno.remove(`${this.#folder}/${name}`); }
    else assertEquals(others, [], `Snapshots of nothing in ${this.#folder}; ${UPDATE}=1 removes them`);
  }
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
