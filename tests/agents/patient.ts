/** Waits for omk as long as real agents take on a busy machine. */

import type { Called } from "../e2e/call.ts";
import type { Sandbox } from "../e2e/harness.ts";

/** Some start in a second, and in half a minute where the machine has much else to do. */
const PATIENCE_MS = 300_000;

/** Calls omk and resolves with what it did; one that takes longer is told to end, which its output then tells. */
export async function omkPatiently(
  sandbox: Sandbox,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Called> {
  const running = sandbox.start(args, { env });
  const timer = setTimeout(() => running.kill("SIGTERM"), PATIENCE_MS);
  try {
    return await running.ended;
  } finally {
    clearTimeout(timer);
  }
}
