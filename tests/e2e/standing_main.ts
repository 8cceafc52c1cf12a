/** The program that {@linkcode StandingOmk} starts: each line that it reads is a call of omk, which it answers. */

import type { StandingCall } from "./standing_omk.ts";

// A permission that is given up cannot be had back, and the next call may need it. Tests of what commands can do
// without start a process for each.
Deno.permissions.revokeSync = () => Deno.permissions.querySync({ name: "read" });

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let input = "";
for await (const bytes of Deno.stdin.readable) {
  input += decoder.decode(bytes, { stream: true });
  // Who calls waits for the answer before the next call.
  if (!input.endsWith("\n")) continue;
  const { words, cwd, env, end }: StandingCall = JSON.parse(input);
  input = "";
  replaceEnvironment(env);
  Deno.chdir(cwd);
  const { main } = await import("../../src/cli/main.ts");
  const code = await main(words);
  // The directory of the call can be removed now.
  Deno.chdir("/");
  writeAll(Deno.stdout, end);
  writeAll(Deno.stderr, `${end}${code}\n`);
}
Deno.exit(0);

function replaceEnvironment(env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(Deno.env.toObject())) {
    if (!(name in env)) Deno.env.delete(name);
  }
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  for (let rest = encoder.encode(text); rest.length > 0;) rest = rest.subarray(stream.writeSync(rest));
}
