/** Small programs that are asked about the machine. */

/** What a program answered. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** No question takes this long; a hung file system does. */
const TIMEOUT_MS = 10_000;

/** Asks a program; null where there is none of that name, or it does not end in time. */
export async function askProgram(
  name: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Answer | null> {
  const decoder = new TextDecoder();
  try {
    const child = new Deno.Command(name, {
      args: [...args],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...options.env, LC_ALL: "C" },
      clearEnv: options.env !== undefined,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, TIMEOUT_MS);
    try {
      const { code, stdout, stderr } = await child.output();
      return isLate ? null : { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    const { NotFound, PermissionDenied, NotCapable } = Deno.errors;
    if ([NotFound, PermissionDenied, NotCapable].some((each) => error instanceof each)) return null;
    throw error;
  }
}
