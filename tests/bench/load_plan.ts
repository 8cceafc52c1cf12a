/** Loads the plan of a path as `omk run` does, and prints how long that took, on the processor too, and the peak of memory, as JSON. */

import process from "node:process";
import { redactText } from "../../src/log/redact.ts";
import { loadPlan } from "../../src/plan/load.ts";

const [path = ""] = Deno.args;
const began = performance.now();
const before = process.cpuUsage();
const loaded = await loadPlan({ text: await Deno.readTextFile(path), path, env: {}, redact: redactText });
if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
const ms = performance.now() - began;
const { user, system } = process.cpuUsage(before);
// Linux keeps the peak of the resident memory of a process, in units of 1024 bytes.
const peak = /^VmHWM:\s+(\d+) kB$/m.exec(await Deno.readTextFile("/proc/self/status"))?.[1];
console.log(JSON.stringify({ ms, cpu_ms: (user + system) / 1000, peak_bytes: Number(peak) * 1024 }));
