/** What this build of omk is: its version, and where its runtime came from. */

/** The version of omk (semantic versioning). */
export const VERSION = "0.1.0";

/**
 * Where the runtime of the program came from:
 * - `source`: it runs from source, on the Deno that was called;
 * - `own`: an executable on the runtime that Deno itself offers for its version;
 * - `denort_bin`: an executable on the runtime that `DENORT_BIN` named at build time;
 * - `fallback`: an executable on a runtime cut from another program, for networks where Deno's own is out of
 *   reach. Good for use and tests; never released.
 */
export type Runtime = "source" | "own" | "denort_bin" | "fallback";

/** What `omk --version --json` prints. */
export interface BuildInfo {
  readonly version: string;
  readonly runtime: Runtime;
  /** The version of Deno that runs the program. */
  readonly deno: string;
  /** The commit it was built from, with `-dirty` for uncommitted changes; `null` where that is not known. */
  readonly commit: string | null;
}

/**
 * The compile script replaces this text in the bundle by `runtime=…&commit=…`. It holds no date, so that the
 * same source gives the same bytes.
 */
const STAMP = "@omk-build-stamp@";

/** Describes this build. */
export function buildInfo(): BuildInfo {
  const stamp = new URLSearchParams(STAMP);
  const runtime = stamp.get("runtime");
  return {
    version: VERSION,
    runtime: isRuntime(runtime) ? runtime : "source",
    deno: Deno.version.deno,
    commit: stamp.get("commit"),
  };
}

function isRuntime(text: string | null): text is Runtime {
  return text === "own" || text === "denort_bin" || text === "fallback";
}
