/** The source of omk, bundled for tests that start it many times. */

import { join } from "@std/path";
import { runStep } from "./denort.ts";

/** The variable that names the folder of the bundle to the tests. */
export const BUNDLE_VARIABLE = "OMK_BUNDLE";

/** What tests start: the program, and the one that answers many calls. They lie in the bundle as they do in the source. */
const ENTRIES = ["main.ts", "tests/e2e/standing_main.ts"];

/** A folder with the bundle; it is removed on disposal. */
export class SourceBundle implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Bundles the source in `root`: a module for each part that is imported when it is needed, not minified. To find,
   * check and read some hundred modules takes the runtime a sixth of what a short run costs.
   *
   * @throws {Error} if the bundler fails, or cannot be had.
   */
  static async make(root: string): Promise<SourceBundle> {
    const bundle = new SourceBundle(await Deno.makeTempDir({ prefix: "omk-bundle-" }));
    try {
      const flags = ["--quiet", "--code-splitting", "--outdir", bundle.folder];
      await runStep(Deno.execPath(), ["bundle", ...flags, ...ENTRIES.map((entry) => join(root, entry))], {
        cwd: root,
      });
      return bundle;
    } catch (error) {
      await bundle[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
