/** Programs that tests call, and what tests wait for. */

/** What a call of a program did. */
export interface Called {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where all of the faults are met, many at once, a machine that does other things besides may take longer. */
const PATIENCE = Deno.env.get("OMK_FAULTS") === "all" ? 5 : 1;
/** No call takes longer, unless omk hangs: then it is ended, and the test fails with what it printed. */
export const DEADLINE_MS = 100_000 * PATIENCE;
/** How long something is waited for. */
const WAIT_MS = 60_000 * PATIENCE;
/** How often a wait looks again. */
const POLL_MS = 20;

/** Resolves once `check` does so with something other than undefined; fails after a minute, or some. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline) {
    const result = await check();
    if (result !== undefined) return result;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Waited ${WAIT_MS / 1000} s for ${what}`);
}

/** The content of a file once it exists. */
export async function appears(path: string): Promise<string> {
  return await eventually(path, async () => await Deno.readTextFile(path).catch(ignoreMissing));
}

/** A shell word that stands for exactly this text. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Runs a program to its end; one that takes longer than any may is killed, and that is an error. */
export async function call(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly stdin?: string },
): Promise<Called> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: options.cwd,
    clearEnv: true,
    env: { ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, DEADLINE_MS);
  try {
    if (options.stdin !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(options.stdin));
      await writer.close();
    }
    const { code, signal, stdout, stderr } = await child.output();
    const called = {
      code,
      signal,
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
    };
    if (!isLate) return called;
    throw new Error(
      `${[command, ...args].join(" ")} did not end in time:\n${called.stdout}${called.stderr}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Gives undefined for a file that is not there. */
export function ignoreMissing(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound) return undefined;
  throw error;
}
