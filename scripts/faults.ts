/**
 * Runs all of the real faults, of which CI runs a share, one test file after the other, and ends with what they met:
 * processes killed, calls failed, bits flipped. Exit code 0 only if every test passed.
 *
 * Usage: deno task faults [file or folder...]
 */

import { dirname, fromFileUrl, join } from "@std/path";

const ROOT = dirname(dirname(fromFileUrl(import.meta.url)));
/** Two hours: past that something hangs. */
const TIMEOUT_SECS = 7200;

/** Runs the faults in these files, or all; returns the exit code. */
async function runFaults(files: readonly string[]): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "omk-faults-" });
  const counts = join(folder, "counts");
  await Deno.writeTextFile(counts, "");
  try {
    const chosen = files.length === 0 ? ["--suite", "faults"] : files;
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", join(ROOT, "scripts/test.ts"), "--timeout-secs", String(TIMEOUT_SECS), ...chosen],
      // One file at a time: a hundred processes of one test would keep another from its limits.
      env: { OMK_FAULTS: "all", OMK_FAULTS_COUNTS: counts, DENO_JOBS: "1" },
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    console.log(
      `\nWhat the tests met:\n${(await Deno.readTextFile(counts)).replaceAll(/^/gm, "  ").trimEnd()}`,
    );
    return code;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await runFaults(Deno.args));
