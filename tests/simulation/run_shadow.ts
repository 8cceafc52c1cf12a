/** What the events say of a run as a whole, kept by the plainest means. */

import type { RunEvent } from "../../src/log/event.ts";
import type { Plan } from "../../src/plan/spec.ts";

/** Notes a broken rule. */
export type Broken = (what: string) => void;

/** See the module. */
export class RunShadow {
  workers = 0;
  caseSensitive = true;
  isCancelled = false;
  isFailed = false;
  /** The budget that is used up. */
  exhausted: string | null = null;
  isPaused = false;
  claims = 0;
  /** The commits that were the head, oldest first. */
  readonly heads: string[] = [];
  /** Where the latest proof was begun: what is asked for behind it comes too late for this controller. */
  proofAt = 0;
  lastTs = 0;
  readonly #plan: Plan;
  readonly #added = new Map<string, number>();
  readonly #usage = new Map<string, number>();
  readonly #gates = new Map<string, string>();
  /** The extra workers that take attempts, with their places. */
  readonly #hands = new Map<string, number>();
  /** Those that are silent, and may be heard again. */
  readonly #silent = new Map<string, number>();
  #tree: string | null = null;
  #selected: Set<string> | null = null;
  #pausedSince = 0;
  #pausedMs = 0;
  #startedAt = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** How many attempts a worker may hold. */
  placesOf(worker: string): number {
    return worker === "local" ? this.workers : this.#hands.get(worker) ?? 0;
  }

  /** Whether the run is to run this task. */
  isSelected(id: string): boolean {
    return this.#selected === null || this.#selected.has(id);
  }

  /** Whether a gate of scope `run` has passed on the head. */
  hasPassed(gate: string): boolean {
    return this.#gates.get(`${gate} ${this.#tree}`) === "gate_passed";
  }

  /** What is used of each budget at `now`, milliseconds on the run clock. */
  budgets(
    now: number,
  ): readonly { readonly budget: string; readonly used: number; readonly limit: number }[] {
    const { time_secs, attempts, tokens, usd } = this.#plan.budget;
    const pausedMs = this.#pausedMs + (this.isPaused ? now - this.#pausedSince : 0);
    const all = [
      { budget: "time", used: (now - this.#startedAt - pausedMs) / 1000, planned: time_secs ?? undefined },
      { budget: "attempts", used: this.claims, planned: attempts },
      { budget: "tokens", used: this.#usage.get("tokens") ?? 0, planned: tokens },
      { budget: "usd", used: this.#usage.get("usd") ?? 0, planned: usd },
    ];
    return all.map(({ budget, used, planned }) => ({
      budget,
      used,
      limit: (planned ?? Infinity) + (this.#added.get(budget) ?? 0),
    }));
  }

  /** Takes note of an event that comes at `ts`, milliseconds on the run clock. */
  read(event: RunEvent, ts: number, broken: Broken): void {
    if (ts < this.lastTs) broken("time runs backwards");
    switch (event.kind) {
      case "run_started":
        this.workers = event.payload.settings.workers;
        this.caseSensitive = event.payload.case_sensitive;
        this.#selected = event.payload.selected === null ? null : new Set(event.payload.selected);
        this.#startedAt = ts;
        this.#tree = event.payload.base?.tree ?? null;
        this.heads.push(event.payload.base?.commit ?? "");
        break;
      case "run_resumed":
        // Nobody worked since the event before.
        if (!this.isPaused && this.#plan.budget.time_secs !== null) this.#pausedMs += ts - this.lastTs;
        break;
      case "run_paused":
        if (!this.isPaused) this.#pausedSince = ts;
        this.isPaused = true;
        break;
      case "run_unpaused":
        if (this.isPaused) this.#pausedMs += ts - this.#pausedSince;
        this.isPaused = false;
        break;
      case "worker_started":
        this.#hands.set(event.payload.worker, event.payload.slots);
        break;
      case "worker_dead":
      case "worker_stopped":
        this.#silent.set(event.payload.worker, this.#hands.get(event.payload.worker) ?? 0);
        this.#hands.delete(event.payload.worker);
        break;
      case "worker_recovered":
        if (event.payload.attempt !== undefined) break;
        this.#hands.set(event.payload.worker, this.#silent.get(event.payload.worker) ?? 0);
        break;
      case "run_finished":
        this.#hands.clear();
        break;
      case "proof_writing":
        this.proofAt = event.index;
        break;
      case "run_cancelled":
        this.isCancelled = true;
        break;
      case "run_failed":
        this.isFailed = true;
        break;
      case "task_accepted":
        this.#selected?.add(event.payload.task_id);
        break;
      case "task_claimed":
        this.claims += 1;
        break;
      case "task_completed":
        if (event.payload.commit === null) break;
        this.heads.push(event.payload.commit);
        this.#tree = event.payload.tree;
        break;
      case "gate_passed":
      case "gate_failed":
      case "gate_skipped": {
        const { scope, gate, tree } = event.payload;
        if (scope === "run") this.#gates.set(`${gate} ${tree}`, event.kind);
        break;
      }
      default:
        this.#readBudget(event, ts, broken);
    }
    this.lastTs = ts;
  }

  #readBudget(event: RunEvent, ts: number, broken: Broken): void {
    switch (event.kind) {
      case "budget_checkpoint":
        this.#checkBudget(event.payload, ts, broken);
        break;
      case "budget_exhausted":
        this.#checkBudget(event.payload, ts, broken);
        this.exhausted = event.payload.budget;
        break;
      case "budget_extended": {
        const { budget, by } = event.payload;
        this.#added.set(budget, (this.#added.get(budget) ?? 0) + by);
        if (this.exhausted === budget) this.exhausted = null;
        break;
      }
      case "usage_recorded": {
        const { metric, amount } = event.payload;
        this.#usage.set(metric, (this.#usage.get(metric) ?? 0) + amount);
        break;
      }
      default:
        break;
    }
  }

  #checkBudget(
    told: { readonly budget: string; readonly used: number; readonly limit: number },
    ts: number,
    broken: Broken,
  ): void {
    const known = this.budgets(ts).find(({ budget }) => budget === told.budget);
    if (known?.limit !== told.limit) broken(`the limit is ${known?.limit}, not ${told.limit}`);
    // The report may lie in the log later than it was decided, but not earlier.
    const isRight = told.budget === "time" ? told.used <= (known?.used ?? 0) : told.used === known?.used;
    if (!isRight) broken(`${known?.used} is used, not ${told.used}`);
  }
}
