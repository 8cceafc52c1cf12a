/** How the benchmarks measure: every figure beside its reference, in turn and in the same run, medians of several. */

import process from "node:process";
import { fromFileUrl } from "@std/path";

/** The executable that is measured; `deno task compile` makes it. */
export const BINARY = fromFileUrl(new URL("../../dist/omk", import.meta.url));

/** One figure or a few that belong together. */
export interface Benchmark {
  /** What `deno task bench NAME` calls it. */
  readonly name: string;
  /** Whether it needs the executable. */
  readonly needsBinary: boolean;
  /** Measures with `runs` rounds and prints with `report`. */
  run(runs: number): Promise<void>;
}

/** One thing that is timed, and how its figures are named. */
export interface Contender {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** Removes what a round has left, when its time was taken. */
  readonly after?: () => void;
}

/** Medians of the contenders in milliseconds, measured in turn so that a drift of the machine meets them all. */
export async function measure(
  contenders: readonly Contender[],
  runs: number,
): Promise<ReadonlyMap<string, number>> {
  return (await measureBoth(contenders, runs)).wall;
}

/** What was measured, in milliseconds, by name of the contender. */
export interface Times {
  /** From the start to the end: medians. */
  readonly wall: ReadonlyMap<string, number>;
  /**
   * What the main thread computed meanwhile: other programs, and waiting for the disk, are not in it. Means, since a
   * kernel may count it in ticks of 10 ms.
   */
  readonly cpu: ReadonlyMap<string, number>;
}

/**
 * As {@linkcode measure}, in CPU time too. Where the garbage collector is exposed, nobody inherits another's garbage. Such
 * collections would also throw away the code of whoever has not run since some of them, so the task `bench` tells V8 to
 * keep that; and since V8 throws machine code away together with the shapes of objects that nobody holds any more, a round
 * that is not counted comes behind each.
 */
export async function measureBoth(contenders: readonly Contender[], runs: number): Promise<Times> {
  const wall = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const cpu = new Map<string, number>();
  const collectGarbage: unknown = Reflect.get(globalThis, "gc");
  for (let round = 0; round < runs; round++) {
    for (const { name, run, after } of contenders) {
      if (typeof collectGarbage === "function") collectGarbage();
      await run();
      after?.();
      const computed = cpuTime();
      const start = performance.now();
      await run();
      wall.get(name)?.push(performance.now() - start);
      cpu.set(name, (cpu.get(name) ?? 0) + (cpuTime() - computed) / runs);
      after?.();
    }
  }
  return { wall: new Map([...wall].map(([name, times]) => [name, median(times)])), cpu };
}

/** CPU time of the main thread, in milliseconds. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** What something took, milliseconds. */
export interface Taken {
  readonly wallMs: number;
  /** On the processor, by all threads of this process: a machine that is busy with other things adds little to it. */
  readonly cpuMs: number;
}

/** What a function takes that does everything before it returns. */
export function take(run: () => void): Taken {
  const began = performance.now();
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - began, cpuMs: (user + system) / 1000 };
}

/** The medians of both figures. */
export function medianTaken(all: readonly Taken[]): Taken {
  return { wallMs: median(all.map(({ wallMs }) => wallMs)), cpuMs: median(all.map(({ cpuMs }) => cpuMs)) };
}

/** The middle value; NaN where there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs a command in `cwd`, with its state beside it; throws with its stderr where it fails. */
export async function execute(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { XDG_STATE_HOME: `${cwd}/state` },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Whether a program answers to `--version`. */
export async function isInstalled(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Prints the figures of a benchmark. */
export function report(title: string, lines: readonly string[]): void {
  console.log(`\n${title}`);
  for (const line of lines) console.log(`  ${line}`);
}
