/**
 * A program like omk for the tests of what happens when omk dies: runs each of its arguments as a body, says
 * `running` once all have been started, and waits for them.
 */

import { createSupervisor } from "../../src/process/supervisor.ts";

const supervisor = await createSupervisor();
const bodies = Deno.args.map((command, index) =>
  supervisor.run({
    task_id: `t${index}`,
    attempt: 1,
    command,
    cwd: Deno.cwd(),
    env: { PATH: Deno.env.get("PATH") ?? "" },
    timeoutMs: 600_000,
    graceMs: 10_000,
    outputPath: `${Deno.cwd()}/t${index}.log`,
    outputLimitBytes: 1024 * 1024,
  })
);
await Promise.all(bodies.map((body) => body.identity));
await Deno.stdout.write(new TextEncoder().encode(`running ${supervisor.mark}\n`));
await Promise.all(bodies.map((body) => body.outcome));
await supervisor.close();
