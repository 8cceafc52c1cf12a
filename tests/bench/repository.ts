/** Repositories of a given size for the benchmarks, made by one `git fast-import`. */

/** Runs git in a directory and gives what it printed; throws with its stderr where it fails. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("git", {
    args: ["-c", "gc.auto=0", "-c", "maintenance.auto=false", ...args],
    cwd,
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
    stdin: "null",
  }).output();
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trimEnd();
}

/** The path of file number `at`: a hundred to a directory, so that trees are as deep as in real projects. */
export function filePath(at: number): string {
  const directory = Math.floor(at / 100);
  return `src/d${Math.floor(directory / 100)}/d${directory % 100}/f${at % 100}.txt`;
}

/** Makes a checkout of one commit with this many files of about 4 KB. */
export async function makeRepository(root: string, files: number): Promise<void> {
  await Deno.mkdir(root, { recursive: true });
  await git(root, "init", "--quiet", "--initial-branch=main", "--template=");
  await git(root, "config", "user.name", "Bench");
  await git(root, "config", "user.email", "bench@example.com");
  const child = new Deno.Command("git", {
    args: ["fast-import", "--quiet"],
    cwd: root,
    stdin: "piped",
    stdout: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const encoder = new TextEncoder();
  const filler = "a line of text that stands for source\n".repeat(100);
  const message = "Begin";
  await writer.write(encoder.encode(
    `commit refs/heads/main\ncommitter Bench <bench@example.com> 1767323045 +0000\ndata ${message.length}\n${message}\n`,
  ));
  for (let at = 0; at < files; at++) {
    const text = `file ${at}\n${filler}`;
    await writer.write(
      encoder.encode(`M 100644 inline ${filePath(at)}\ndata ${text.length}\n${text}\n`),
    );
  }
  await writer.close();
  if (!(await child.status).success) throw new Error("git fast-import failed");
  await git(root, "reset", "--hard", "--quiet");
}
