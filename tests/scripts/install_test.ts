/** The install script, run for real against a folder, and against a server on this machine. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { writeChecksums } from "../../scripts/release.ts";
import { call, type Called } from "../e2e/call.ts";

const SCRIPT = fromFileUrl(new URL("../../scripts/install.sh", import.meta.url));
const FILE = "omk-linux-x64";
const PROGRAM = "#!/bin/sh\necho omk 9.9.9\n";

/** A release in a folder, and a home to install to. */
class Release implements AsyncDisposable {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(program = PROGRAM): Promise<Release> {
    const release = new Release(await Deno.makeTempDir({ prefix: "omk-install-" }));
    for (const name of ["files", "bin", "home", "tmp"]) await Deno.mkdir(`${release.root}/${name}`);
    await Deno.writeTextFile(`${release.root}/files/${FILE}`, program);
    await writeChecksums(`${release.root}/files`, [FILE]);
    await release.pretend("Linux", "x86_64");
    return release;
  }

  /** Lets `uname` name another system. */
  async pretend(system: string, machine: string): Promise<void> {
    const script = `#!/bin/sh\n[ "$1" = -s ] && echo ${system} || echo ${machine}\n`;
    await Deno.writeTextFile(`${this.root}/bin/uname`, script, { mode: 0o755 });
  }

  async install(env: Readonly<Record<string, string>> = {}): Promise<Called> {
    return await call("sh", [SCRIPT], {
      cwd: "/",
      env: {
        PATH: `${this.root}/bin:${Deno.env.get("PATH")}`,
        HOME: `${this.root}/home`,
        TMPDIR: `${this.root}/tmp`,
        OMK_BASE_URL: `file://${this.root}/files`,
        ...env,
      },
    });
  }

  /** What lies where omk is installed, and in the folder for temporary files. */
  async leftovers(): Promise<readonly string[]> {
    const names: string[] = [];
    for (const folder of [`${this.root}/home/.local/bin`, `${this.root}/tmp`]) {
      try {
        for await (const { name } of Deno.readDir(folder)) names.push(name);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return names;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

Deno.test("install.sh installs what has the right checksum, replaces an older one, and speaks of PATH", async () => {
  await using release = await Release.make();
  const first = await release.install();
  const place = `${release.root}/home/.local/bin`;
  assertEquals([first.code, first.stderr], [0, ""]);
  assertStringIncludes(first.stdout, `Installed omk 9.9.9 as ${place}/omk\n${place} is not on your PATH`);
  assertEquals(await release.leftovers(), ["omk"]);
  const again = await release.install({ PATH: `${place}:${release.root}/bin:${Deno.env.get("PATH")}` });
  assertEquals([again.code, again.stdout], [0, `Installed omk 9.9.9 as ${place}/omk\n`]);
  const elsewhere = await release.install({ OMK_INSTALL_DIR: `${release.root}/other dir` });
  assertEquals(elsewhere.code, 0, elsewhere.stderr);
  assertEquals((await Deno.stat(`${release.root}/other dir/omk`)).mode! & 0o777, 0o755);
});

Deno.test("install.sh puts nothing in place that it cannot verify", async () => {
  const refuses = async (change: (files: string) => Promise<void>, message: RegExp, env = {}) => {
    await using release = await Release.make();
    await change(`${release.root}/files`);
    const { code, stdout, stderr } = await release.install(env);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, message);
    assertEquals(await release.leftovers(), []);
  };
  const other = (files: string) => Deno.writeTextFile(`${files}/${FILE}`, "#!/bin/sh\necho other\n");
  await refuses(other, /^error: The download is not what was released: its SHA-256 is /);
  await refuses((files) => Deno.remove(`${files}/SHA256SUMS`), /error: Cannot read .*SHA256SUMS/);
  await refuses(
    (files) => Deno.writeTextFile(`${files}/SHA256SUMS`, ""),
    /SHA256SUMS does not name omk-linux-x64/,
  );
  await refuses(
    (files) => Deno.writeTextFile(`${files}/SHA256SUMS`, `${"0".repeat(64)}  x${FILE}\n`),
    /SHA256SUMS does not name/,
  );
  await refuses((files) => Deno.remove(`${files}/${FILE}`), /error: Cannot read .*omk-linux-x64/);
  await refuses(() => Promise.resolve(), /set OMK_BASE_URL or OMK_REPOSITORY/, { OMK_BASE_URL: "" });
});

Deno.test("install.sh keeps what is there where the new executable does not run", async () => {
  await using release = await Release.make("#!/bin/sh\nexit 1\n");
  await Deno.mkdir(`${release.root}/home/.local/bin`, { recursive: true });
  await Deno.writeTextFile(`${release.root}/home/.local/bin/omk`, "old");
  const { code, stderr } = await release.install();
  assertEquals([code, stderr], [
    1,
    "error: The executable does not run on this system; nothing was installed\n",
  ]);
  assertEquals(await release.leftovers(), ["omk"]);
  assertEquals(await Deno.readTextFile(`${release.root}/home/.local/bin/omk`), "old");
});

Deno.test("install.sh refuses systems that there is no omk for", async () => {
  await using release = await Release.make();
  for (
    const [system, machine, message] of [
      ["Linux", "riscv64", "There is no omk for the processor riscv64"],
      ["MINGW64_NT-10.0", "x86_64", "on Windows, use it in WSL"],
    ] as const
  ) {
    await release.pretend(system, machine);
    const { code, stderr } = await release.install();
    assertEquals(code, 1);
    assertStringIncludes(stderr, message);
  }
  // What fits the system is looked for, not what happens to be there.
  await release.pretend("Darwin", "arm64");
  assertStringIncludes((await release.install()).stderr, "omk-macos-arm64");
  assertEquals(await release.leftovers(), []);
});

Deno.test({
  name: "install.sh downloads over HTTP, with curl and with wget, and takes no error page for the program",
  ignore: !await hasProgram("curl") && !await hasProgram("wget"),
  async fn() {
    await using release = await Release.make();
    const asked: string[] = [];
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const { pathname } = new URL(request.url);
        asked.push(pathname);
        const match = /^\/project\/releases\/(latest\/download|download\/v1\.2\.3)\/([\w-]+)$/.exec(pathname);
        if (match === null) return new Response("no such page", { status: 404 });
        return new Response(await Deno.readFile(`${release.root}/files/${match[2]}`));
      },
    );
    const OMK_REPOSITORY = `http://127.0.0.1:${server.addr.port}/project`;
    const env = { OMK_BASE_URL: "", OMK_REPOSITORY };
    for (const tool of ["curl", "wget"]) {
      if (!await hasProgram(tool)) continue;
      await hideOthers(release, tool);
      const { code, stderr } = await release.install({ ...env, PATH: `${release.root}/bin` });
      assertEquals([code, stderr], [0, ""], tool);
    }
    assertEquals(asked[0], "/project/releases/latest/download/SHA256SUMS");
    assertEquals((await release.install({ ...env, OMK_VERSION: "v1.2.3" })).code, 0);
    const missing = await release.install({ ...env, OMK_VERSION: "v9.9.9" });
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.stderr, "Cannot download");
  },
});

/** Leaves of the machine's programs those that the script needs, and one that downloads. */
async function hideOthers(release: Release, tool: string): Promise<void> {
  await Deno.remove(`${release.root}/bin`, { recursive: true });
  await Deno.mkdir(`${release.root}/bin`);
  await release.pretend("Linux", "x86_64");
  const programs = [
    "sh",
    "awk",
    "cut",
    "cp",
    "mv",
    "rm",
    "mkdir",
    "mktemp",
    "chmod",
    "sha256sum",
    "sed",
    tool,
  ];
  for (const name of programs) {
    const { stdout } = await call("sh", ["-c", `command -v ${name}`], { cwd: "/", env: environment() });
    await Deno.symlink(stdout.trim(), `${release.root}/bin/${name}`);
  }
}

async function hasProgram(name: string): Promise<boolean> {
  return (await call("sh", ["-c", `command -v ${name}`], { cwd: "/", env: environment() })).code === 0;
}

function environment() {
  return { PATH: Deno.env.get("PATH") ?? "" };
}
