/** The help topics by name. Each is imported when it is asked for. */

import type { HelpTopic } from "./topic.ts";

/** A topic as far as the list of topics shows it. */
export interface TopicListing {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<HelpTopic>;
}

/** The topics in the order of the help. */
export const TOPICS: readonly TopicListing[] = [
  {
    name: "plan",
    summary: "the plan: its fields, and how tasks are chosen and run",
    load: async () => (await import("./plan.ts")).planTopic,
  },
  {
    name: "gates",
    summary: "the checks that decide whether a run is ready",
    load: async () => (await import("./gates.ts")).gatesTopic,
  },
  {
    name: "log",
    summary: "the event log: its form, its kinds, and what it promises",
    load: async () => (await import("./log.ts")).logTopic,
  },
  {
    name: "proof",
    summary: "the proof: what it says, and how it is checked",
    load: async () => (await import("./proof.ts")).proofTopic,
  },
  {
    name: "exit-codes",
    summary: "how runs end, and what exit codes mean",
    load: async () => (await import("./exit_codes.ts")).exitCodesTopic,
  },
  {
    name: "environment",
    summary: "variables and settings, and where each may be given",
    load: async () => (await import("./environment.ts")).environmentTopic,
  },
];
