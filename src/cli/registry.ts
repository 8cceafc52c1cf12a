/** The commands by name. Each is imported when it is called, so that a call loads only what it uses. */

import type { Command } from "./command.ts";

/** A command as far as the list of commands shows it. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** The commands in the order and groups of the help. */
export const COMMAND_GROUPS: readonly {
  readonly title: string;
  readonly commands: readonly CommandEntry[];
}[] = [
  {
    title: "Work",
    commands: [
      {
        name: "init",
        summary: "write a first plan for this project",
        load: async () => (await import("./commands/init.ts")).initCommand,
      },
      {
        name: "run",
        summary: "run a plan, or what an agent plans of a prompt",
        load: async () => (await import("./commands/run.ts")).runCommand,
      },
      {
        name: "plan",
        summary: "have an agent make a plan of what you ask for",
        load: async () => (await import("./commands/plan.ts")).planCommand,
      },
      {
        name: "resume",
        summary: "go on with an interrupted run",
        load: async () => (await import("./commands/resume.ts")).resumeCommand,
      },
      {
        name: "attach",
        summary: "watch a run that goes on elsewhere",
        load: async () => (await import("./commands/attach.ts")).attachCommand,
      },
      {
        name: "worker",
        summary: "give a run that goes on more hands",
        load: async () => (await import("./commands/worker.ts")).workerCommand,
      },
      {
        name: "retry",
        summary: "run failed tasks of a run again",
        load: async () => (await import("./commands/retry.ts")).retryCommand,
      },
      {
        name: "answer",
        summary: "answer the question of a task that waits",
        load: async () => (await import("./commands/answer.ts")).answerCommand,
      },
      {
        name: "cost",
        summary: "say what the agents of a run have used",
        load: async () => (await import("./commands/cost.ts")).costCommand,
      },
      {
        name: "prompt",
        summary: "print what the agent of a task is told",
        load: async () => (await import("./commands/prompt.ts")).promptCommand,
      },
      {
        name: "approve",
        summary: "say yes or no to an agent that asks for leave",
        load: async () => (await import("./commands/approve.ts")).approveCommand,
      },
      {
        name: "pause",
        summary: "start no new task of a run for now",
        load: async () => (await import("./commands/pause.ts")).pauseCommand,
      },
      {
        name: "unpause",
        summary: "go on with a paused run",
        load: async () => (await import("./commands/pause.ts")).unpauseCommand,
      },
      {
        name: "gates status",
        summary: "show how the gates of a run and their breakers stand",
        load: async () => (await import("./commands/gates.ts")).gatesStatusCommand,
      },
      {
        name: "gates reset",
        summary: "let gates run again whose breaker is open",
        load: async () => (await import("./commands/gates.ts")).gatesResetCommand,
      },
      {
        name: "budget add",
        summary: "let a run use up more than its plan says",
        load: async () => (await import("./commands/budget_add.ts")).budgetAddCommand,
      },
      {
        name: "cancel",
        summary: "cancel a run or one of its tasks",
        load: async () => (await import("./commands/cancel.ts")).cancelCommand,
      },
      {
        name: "merge",
        summary: "deliver what a run made to a branch",
        load: async () => (await import("./commands/merge.ts")).mergeCommand,
      },
    ],
  },
  {
    title: "Decide",
    commands: [
      {
        name: "accept",
        summary: "record that a person accepts what a run made",
        load: async () => (await import("./commands/judge.ts")).acceptCommand,
      },
      {
        name: "reject",
        summary: "record that a person rejects what a run made",
        load: async () => (await import("./commands/judge.ts")).rejectCommand,
      },
      {
        name: "pr",
        summary: "write title and body of a pull request from a proof",
        load: async () => (await import("./commands/pr.ts")).prCommand,
      },
    ],
  },
  {
    title: "See",
    commands: [
      {
        name: "status",
        summary: "say how a run stands",
        load: async () => (await import("./commands/status.ts")).statusCommand,
      },
      {
        name: "list",
        summary: "list the runs",
        load: async () => (await import("./commands/list.ts")).listCommand,
      },
      {
        name: "show",
        summary: "show a run or one of its tasks in full",
        load: async () => (await import("./commands/show.ts")).showCommand,
      },
      {
        name: "explain",
        summary: "say why a task ran, waits, failed or never started",
        load: async () => (await import("./commands/explain.ts")).explainCommand,
      },
      {
        name: "graph",
        summary: "draw the graph of a plan or a run",
        load: async () => (await import("./commands/graph.ts")).graphCommand,
      },
      {
        name: "logs",
        summary: "print the output of tasks and gates",
        load: async () => (await import("./commands/logs.ts")).logsCommand,
      },
      {
        name: "events",
        summary: "print the events of a run, or of all",
        load: async () => (await import("./commands/events.ts")).eventsCommand,
      },
      {
        name: "query",
        summary: "ask the events of all runs a question in SQL",
        load: async () => (await import("./commands/query.ts")).queryCommand,
      },
    ],
  },
  {
    title: "Prove",
    commands: [
      {
        name: "proof",
        summary: "show what a run has proved",
        load: async () => (await import("./commands/proof.ts")).proofCommand,
      },
      {
        name: "verify",
        summary: "check a run's proof against log, files and git",
        load: async () => (await import("./commands/verify.ts")).verifyCommand,
      },
      {
        name: "replay",
        summary: "tell a run again from its log, or rebuild what it made",
        load: async () => (await import("./commands/replay.ts")).replayCommand,
      },
      {
        name: "export",
        summary: "write a finished run to one file that others can verify",
        load: async () => (await import("./commands/export.ts")).exportCommand,
      },
      {
        name: "proof sign",
        summary: "check the proof of a run, and sign it",
        load: async () => (await import("./commands/proof_sign.ts")).proofSignCommand,
      },
      {
        name: "proof attach",
        summary: "store a signed proof as a git note of its commit",
        load: async () => (await import("./commands/proof_attach.ts")).proofAttachCommand,
      },
      {
        name: "key create",
        summary: "make a key that signs your proofs",
        load: async () => (await import("./commands/key_create.ts")).keyCreateCommand,
      },
      {
        name: "key show",
        summary: "print the public half of your key",
        load: async () => (await import("./commands/key_show.ts")).keyShowCommand,
      },
      {
        name: "log append",
        summary: "append events to a log file of your own",
        load: async () => (await import("./commands/log_append.ts")).logAppendCommand,
      },
      {
        name: "log tail",
        summary: "print the end of a log file",
        load: async () => (await import("./commands/log_tail.ts")).logTailCommand,
      },
      {
        name: "log stats",
        summary: "count what is in a log file",
        load: async () => (await import("./commands/log_stats.ts")).logStatsCommand,
      },
      {
        name: "log verify",
        summary: "check a log file commit by commit",
        load: async () => (await import("./commands/log_verify.ts")).logVerifyCommand,
      },
      {
        name: "log repair",
        summary: "open a log to appends again after a failed sync",
        load: async () => (await import("./commands/log_repair.ts")).logRepairCommand,
      },
      {
        name: "log salvage",
        summary: "copy what is whole of a damaged log",
        load: async () => (await import("./commands/log_salvage.ts")).logSalvageCommand,
      },
    ],
  },
  {
    title: "Look after",
    commands: [
      {
        name: "clean",
        summary: "remove old runs and worktrees, and lose nothing",
        load: async () => (await import("./commands/clean.ts")).cleanCommand,
      },
      {
        name: "index",
        summary: "index the events of all runs for queries",
        load: async () => (await import("./commands/index.ts")).indexCommand,
      },
      {
        name: "agents",
        summary: "list agents: installed, version, how driven",
        load: async () => (await import("./commands/agents.ts")).agentsCommand,
      },
      {
        name: "doctor",
        summary: "check machine, repository and configuration",
        load: async () => (await import("./commands/doctor.ts")).doctorCommand,
      },
      {
        name: "schema",
        summary: "print the JSON Schemas of plan, proof and events",
        load: async () => (await import("./commands/schema.ts")).schemaCommand,
      },
      {
        name: "completions",
        summary: "print the completion script of a shell",
        load: async () => (await import("./commands/completions.ts")).completionsCommand,
      },
      {
        name: "help",
        summary: "explain a command or a topic",
        load: async () => (await import("./commands/help.ts")).helpCommand,
      },
    ],
  },
];

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = COMMAND_GROUPS.flatMap((group) => group.commands);
