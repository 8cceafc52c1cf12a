/** `omk gates status` and `omk gates reset`: the gates of a run and their circuit breakers. */

import { systemClock } from "../../clock.ts";
import { ExitCode, UsageError } from "../../errors.ts";
import { draft } from "../../log/event.ts";
import { BREAKER_THRESHOLD } from "../../scheduler/breaker.ts";
import type { Command, CommandContext } from "../command.ts";
import { ask, refuseInsideTask, requireController } from "../control.ts";
import { type GateOverview, gateOverviews } from "../gate_overviews.ts";
import { openRun } from "../open_run.ts";
import { formatDuration } from "../render/duration.ts";
import { oneLine } from "../render/text.ts";

const ABOUT_BREAKERS =
  "A gate that the machine keeps from a verdict five times in a row, by a time-out or a command that does not start,\n" +
  "has an open breaker: what wants it waits. After 30 s one run of it is let through, and decides. An open breaker is\n" +
  "no verdict, and nothing fails by it.";

/** `omk gates status`. */
export const gatesStatusCommand: Command = {
  name: "gates status",
  summary: "show how the gates of a run and their breakers stand",
  usage: ["omk gates status [RUN]"],
  description: ["One line for each gate. Without RUN it takes the newest one.", ABOUT_BREAKERS],
  positionals: { min: 0, max: 1 },
  options: [],
  examples: [
    { command: "omk gates status", note: "the gates of the newest run" },
    { command: "omk gates status 20261120-2350 --json", note: "of another one, for a script" },
  ],
  async run(context: CommandContext): Promise<number> {
    const { directory, loaded } = await openRun(context, context.args.positionals[0]);
    const now = Math.max(systemClock.wall(), loaded.state.run.last_ts);
    const gates = gateOverviews(loaded.state, now);
    const { output, json } = context;
    if (json) {
      output.json({
        schema_version: 1,
        run_id: directory.runId,
        gates: gates.map((gate) => ({
          ...gate,
          half_open_at: gate.half_open_at === null ? null : new Date(gate.half_open_at).toISOString(),
        })),
      });
      return ExitCode.OK;
    }
    if (gates.length === 0) output.print(`run ${directory.runId} has no gates`);
    for (const gate of gates) output.print(gateLine(gate, now));
    return ExitCode.OK;
  },
};

/** `omk gates reset`. */
export const gatesResetCommand: Command = {
  name: "gates reset",
  summary: "let gates run again whose breaker is open",
  usage: ["omk gates reset [RUN] [--gate NAME]"],
  description: [
    "Closes the breakers of a run that is at work, and forgets the failures of the machine that opened them. Without\n" +
    "RUN it takes the newest one.",
    ABOUT_BREAKERS,
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "gate", type: "string", placeholder: "NAME", description: "Only this gate" },
    { name: "reason", type: "string", placeholder: "TEXT", description: "Why; it is recorded in the log" },
  ],
  examples: [
    { command: "omk gates reset", note: "every gate of the newest run" },
    {
      command: 'omk gates reset --gate test --reason "the database is up"',
      note: "one of them, and say why",
    },
  ],
  async run(context: CommandContext): Promise<number> {
    refuseInsideTask(context, "gates reset");
    const { args, output, json } = context;
    const { directory, loaded } = await openRun(context, args.positionals[0]);
    const gate = args.text("gate") ?? null;
    const failure = `Cannot reset ${
      gate === null ? "the gates" : `gate "${gate}"`
    } of run ${directory.runId}`;
    const names = gateOverviews(loaded.state, loaded.state.run.last_ts).map((each) => each.gate);
    if (gate !== null && !names.includes(gate)) {
      throw new UsageError({
        what: failure,
        why: "the plan has no such gate",
        fix: names.length === 0 ? "it has none at all" : `choose from ${names.join(", ")}`,
      });
    }
    requireController(loaded, failure);
    const answer = await ask(context, loaded, {
      failure,
      make: (requester, actor) =>
        draft("gate_reset_requested", "run", actor, {
          ...requester,
          gate,
          reason: args.text("reason") ?? "reset by omk gates reset",
        }),
    });
    const isAnswered = answer !== undefined;
    if (json) {
      output.json({ schema_version: 1, run_id: directory.runId, gate, answered: isAnswered });
    } else if (answer?.kind === "gate_reset") {
      output.print(`closed the breaker of ${answer.payload.gates.join(", ")}`);
    } else {
      output.print(`asked run ${directory.runId} to reset; it has not answered within 30 s`);
    }
    return ExitCode.OK;
  },
};

function gateLine(
  { gate, breaker, infra_failures, half_open_at, runs, latest }: GateOverview,
  now: number,
): string {
  const result = latest === null ? "has not run" : latest.result;
  const reason = oneLine(latest?.reason ?? "");
  const count = runs === 0 ? "" : ` (${runs} ${runs === 1 ? "run" : "runs"})`;
  return `${oneLine(gate)}  ${result}${reason === "" ? "" : `: ${reason}`}${count}${
    breakerText(breaker, infra_failures, half_open_at, now)
  }`;
}

function breakerText(
  breaker: GateOverview["breaker"],
  failures: number,
  halfOpenAt: number | null,
  now: number,
): string {
  switch (breaker) {
    case "closed":
      return failures === 0 ? "" : `; ${failures} of ${BREAKER_THRESHOLD} failures of the machine`;
    case "open":
      return `; breaker open, tried again in ${formatDuration(Math.max(0, (halfOpenAt ?? now) - now))}`;
    case "half_open":
      return "; breaker half-open, the next run decides";
  }
}
