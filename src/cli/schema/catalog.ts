/** The JSON Schemas that omk publishes, by name. Each is made when it is asked for. */

import type { ZodType } from "zod";

/** A format with its schema. */
export interface SchemaEntry {
  readonly name: string;
  readonly description: string;
  /** The commands whose `--json` it describes: one document, or each line where they stream. */
  readonly commands?: readonly string[];
  readonly make: () => Promise<Record<string, unknown>>;
}

/** See the module. */
export const SCHEMAS: readonly SchemaEntry[] = [
  {
    name: "plan",
    description: "omk.jsonc: what is to be done",
    make: async () => (await import("../../plan/published_schema.ts")).publishedPlanSchema(),
  },
  {
    name: "config",
    description: "config.jsonc: the user's own settings",
    make: async () => (await import("./config.ts")).configJsonSchema(),
  },
  {
    name: "proof",
    commands: ["proof"],
    description: "proof.json: what a run has proved",
    make: async () => await toJsonSchema((await import("../../proof/schema.ts")).proofSchema),
  },
  {
    name: "failure",
    description: "failure.json: what keeps a run from being delivered",
    make: async () => await toJsonSchema((await import("../../proof/schema.ts")).failureSchema),
  },
  {
    name: "events",
    commands: ["events", "log tail", "run", "resume", "retry", "worker", "attach"],
    description: "events.jsonl and omk events --json: one event",
    make: async () => (await import("./events.ts")).eventsJsonSchema(),
  },
  {
    name: "status",
    commands: ["status"],
    description: "omk status --json: how a run stands",
    make: async () => await toJsonSchema((await import("./status.ts")).statusSchema),
  },
  {
    name: "list",
    commands: ["list"],
    description: "omk list --json: all runs",
    make: async () => await toJsonSchema((await import("./list.ts")).listSchema),
  },
  {
    name: "index",
    commands: ["index"],
    description: "omk index --json: the index of all runs",
    make: async () => await toJsonSchema((await import("./index.ts")).indexSchema),
  },
  {
    name: "log-append",
    commands: ["log append"],
    description: "omk log append: the answer to one line",
    make: async () => await toJsonSchema((await import("./log.ts")).logAppendSchema),
  },
  {
    name: "log-verify",
    commands: ["log verify"],
    description: "omk log verify --json: whether a log is as it was written",
    make: async () => await toJsonSchema((await import("./log.ts")).logVerifySchema),
  },
  {
    name: "log-repair",
    commands: ["log repair"],
    description: "omk log repair --json: what the repair of a log has done",
    make: async () => await toJsonSchema((await import("./log.ts")).logRepairSchema),
  },
  {
    name: "log-salvage",
    commands: ["log salvage"],
    description: "omk log salvage --json: what was salvaged of a log",
    make: async () => await toJsonSchema((await import("./log.ts")).logSalvageSchema),
  },
  {
    name: "log-stats",
    commands: ["log stats"],
    description: "omk log stats --json: what is in a log",
    make: async () => await toJsonSchema((await import("./log.ts")).logStatsSchema),
  },
  {
    name: "agents",
    commands: ["agents"],
    description: "omk agents --json: agents, installed or not",
    make: async () => await toJsonSchema((await import("./agents.ts")).agentsSchema),
  },
  {
    name: "doctor",
    commands: ["doctor"],
    description: "omk doctor --json: machine, repository and configuration",
    make: async () => await toJsonSchema((await import("./doctor.ts")).doctorSchema),
  },
  {
    name: "permissions",
    description: "omk doctor --permissions --json: what each command holds",
    make: async () => await toJsonSchema((await import("./doctor.ts")).permissionsSchema),
  },
  {
    name: "show",
    commands: ["show"],
    description: "omk show --json: all about a run or a task",
    make: async () => await toJsonSchema((await import("./show.ts")).showSchema),
  },
  {
    name: "logs",
    commands: ["logs"],
    description: "omk logs --json: one line of output",
    make: async () => await toJsonSchema((await import("./telling.ts")).logsSchema),
  },
  {
    name: "explain",
    commands: ["explain"],
    description: "omk explain --json: the story of a task",
    make: async () => await toJsonSchema((await import("./telling.ts")).explainSchema),
  },
  {
    name: "graph",
    commands: ["graph"],
    description: "omk graph --json: which task comes after which",
    make: async () => await toJsonSchema((await import("./telling.ts")).graphSchema),
  },
  {
    name: "verify",
    commands: ["verify"],
    description: "omk verify --json: whether a proof holds",
    make: async () => await toJsonSchema((await import("./telling.ts")).verifySchema),
  },
  {
    name: "replay",
    commands: ["replay"],
    description: "omk replay --json: a run as its log gives it",
    make: async () => await toJsonSchema((await import("./proving.ts")).replaySchema),
  },
  {
    name: "rebuild",
    description: "omk replay --rebuild --json: what was delivered, made again",
    make: async () => await toJsonSchema((await import("./proving.ts")).rebuildSchema),
  },
  {
    name: "verdict",
    commands: ["accept", "reject"],
    description: "omk accept --json and omk reject --json: what was recorded",
    make: async () => await toJsonSchema((await import("./proving.ts")).verdictSchema),
  },
  {
    name: "pr",
    commands: ["pr"],
    description: "omk pr --json: title and body of a pull request",
    make: async () => await toJsonSchema((await import("./proving.ts")).prSchema),
  },
  {
    name: "proof-sign",
    commands: ["proof sign"],
    description: "omk proof sign --json: what was signed",
    make: async () => await toJsonSchema((await import("./proving.ts")).proofSignSchema),
  },
  {
    name: "proof-attach",
    commands: ["proof attach"],
    description: "omk proof attach --json: what was attached to which commit",
    make: async () => await toJsonSchema((await import("./proving.ts")).proofAttachSchema),
  },
  {
    name: "export",
    commands: ["export"],
    description: "omk export --json: the file that was written",
    make: async () => await toJsonSchema((await import("./proving.ts")).exportSchema),
  },
  {
    name: "key",
    commands: ["key create", "key show"],
    description: "omk key create --json and omk key show --json",
    make: async () => await toJsonSchema((await import("./proving.ts")).keySchema),
  },
  {
    name: "attestation",
    description: "proof.intoto.jsonl: one envelope with a signed statement",
    make: async () => await toJsonSchema((await import("../../proof/dsse.ts")).envelopeSchema),
  },
  {
    name: "detach",
    commands: [],
    description: "omk run --detach --json: the run that goes on in the background",
    make: async () => await toJsonSchema((await import("./steering.ts")).detachSchema),
  },
  {
    name: "dry-run",
    commands: [],
    description: "omk run --dry-run --json: what a run would do",
    make: async () => await toJsonSchema((await import("./telling.ts")).dryRunSchema),
  },
  {
    name: "query",
    commands: ["query"],
    description: "omk query --json: one row of the answer",
    make: async () => await toJsonSchema((await import("./telling.ts")).querySchema),
  },
  {
    name: "init",
    commands: ["init"],
    description: "omk init --json: the plan that was written",
    make: async () => await toJsonSchema((await import("./steering.ts")).initSchema),
  },
  {
    name: "retry",
    commands: ["retry"],
    description: "omk retry --json: what became of it in a run that goes on",
    make: async () => await toJsonSchema((await import("./steering.ts")).retrySchema),
  },
  {
    name: "planning",
    commands: ["plan"],
    description: "omk plan --json: the plan that an agent has made, or what it asks",
    make: async () => await toJsonSchema((await import("./planning.ts")).planningSchema),
  },
  {
    name: "cost",
    commands: ["cost"],
    description: "omk cost --json: what the agents of a run have used",
    make: async () => await toJsonSchema((await import("./telling.ts")).costSchema),
  },
  {
    name: "prompt",
    commands: ["prompt"],
    description: "omk prompt --json: what the agent of a task is told",
    make: async () => await toJsonSchema((await import("./telling.ts")).promptSchema),
  },
  {
    name: "approve",
    commands: ["approve"],
    description: "omk approve --json: what became of an approval, or what waits for one",
    make: async () => await toJsonSchema((await import("./steering.ts")).approveSchema),
  },
  {
    name: "answer",
    commands: ["answer"],
    description: "omk answer --json: what became of an answer",
    make: async () => await toJsonSchema((await import("./steering.ts")).answerSchema),
  },
  {
    name: "pause",
    commands: ["pause", "unpause"],
    description: "omk pause --json and omk unpause --json",
    make: async () => await toJsonSchema((await import("./steering.ts")).pauseSchema),
  },
  {
    name: "gates-status",
    commands: ["gates status"],
    description: "omk gates status --json",
    make: async () => await toJsonSchema((await import("./gates.ts")).gatesStatusSchema),
  },
  {
    name: "gates-reset",
    commands: ["gates reset"],
    description: "omk gates reset --json",
    make: async () => await toJsonSchema((await import("./gates.ts")).gatesResetSchema),
  },
  {
    name: "budget-add",
    commands: ["budget add"],
    description: "omk budget add --json",
    make: async () => await toJsonSchema((await import("./steering.ts")).budgetAddSchema),
  },
  {
    name: "cancel",
    commands: ["cancel"],
    description: "omk cancel --json: what became of a cancellation",
    make: async () => await toJsonSchema((await import("./steering.ts")).cancelSchema),
  },
  {
    name: "merge",
    commands: ["merge"],
    description: "omk merge --json: what was delivered",
    make: async () => await toJsonSchema((await import("./steering.ts")).mergeSchema),
  },
  {
    name: "clean",
    commands: ["clean"],
    description: "omk clean --json: what is removed, what is kept",
    make: async () => await toJsonSchema((await import("./steering.ts")).cleanSchema),
  },
  {
    name: "completions",
    commands: ["completions"],
    description: "omk completions --json: a completion script",
    make: async () => await toJsonSchema((await import("./telling.ts")).completionsSchema),
  },
  {
    name: "help",
    commands: ["help"],
    description: "omk help --json: of omk, a command or a topic",
    make: async () => await toJsonSchema((await import("./help.ts")).helpSchema),
  },
  {
    name: "schemas",
    commands: ["schema"],
    description: "omk schema --json: which schemas there are",
    make: async () => await toJsonSchema((await import("./telling.ts")).schemasSchema),
  },
  {
    name: "schema-write",
    description: "omk schema --write --json: how editors were set up",
    make: async () => await toJsonSchema((await import("./telling.ts")).editorSchema),
  },
  {
    name: "version",
    description: "omk --version --json: what this build is",
    make: async () => await toJsonSchema((await import("./telling.ts")).versionSchema),
  },
  {
    name: "error",
    description: "stderr under --json when a command fails",
    make: async () => await toJsonSchema((await import("./error.ts")).errorSchema),
  },
];

async function toJsonSchema(schema: ZodType): Promise<Record<string, unknown>> {
  const { toJSONSchema } = await import("zod");
  return { ...toJSONSchema(schema) };
}
