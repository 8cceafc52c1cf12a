/** What the events say of a run as a whole, kept by the plainest means. */

import type { RunEvent } from "../../src/log/event.ts";
import type { Plan } from "../../src/plan/spec.ts";

/** Notes a broken rule. */
export type Broken = (what: string) => void;

/** What may be used up. */
export interface Budget {
  readonly budget: string;
  readonly used: number;
  /** What the plan says, and what was added. */
  readonly limit: number;
}

/** See the module. */
export class RunShadow {
  caseSensitive = true;
  isCancelled = false;
  isFailed = false;
  /** The budget that is used up. */
  exhausted: string | null = null;
  isPaused = false;
  claims = 0;
  /** How many proposed tasks are part of the run. */
  accepted = 0;
  /** The commits that were the head, oldest first. */
  readonly heads: string[] = [];
  /** Where the latest proof was begun: what is asked for behind it comes too late for this controller. */
  proofAt = 0;
  lastTs = 0;
  readonly #plan: Plan;
  readonly #added = new Map<string, number>();
  readonly #usage = new Map<string, number>();
  readonly #gates = new Map<string, string>();
  /** Places of the controller's own process. */
  #own = 0;
  /** The other workers that ever joined, first come first. */
  readonly #hands = new Map<string, { readonly slots: number; readonly isServing: boolean }>();
  /** Budgets that are nearly used up, as the log has told. */
  readonly #told = new Set<string>();
  #tree: string | null = null;
  #selected: Set<string> | null = null;
  #pausedSince = 0;
  #pausedMs = 0;
  #startedAt = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** How many attempts each worker may hold, the controller's own process first. */
  get places(): readonly { readonly worker: string; readonly slots: number }[] {
    const hands = [...this.#hands].filter(([, { isServing }]) => isServing);
    return [
      { worker: "local", slots: this.#own },
      ...hands.map(([worker, { slots }]) => ({ worker, slots })),
    ];
  }

  /** Whether a worker beside the controller takes attempts. */
  isServing(worker: string): boolean {
    return this.#hands.get(worker)?.isServing === true;
  }

  /** Whether there is, or was, a worker of this name. */
  isKnown(worker: string): boolean {
    return worker === "local" || this.#hands.has(worker);
  }

  /** Whether the run is to run this task. */
  isSelected(id: string): boolean {
    return this.#selected === null || this.#selected.has(id);
  }

  /** Whether a gate of scope `run` has passed on the head. */
  hasPassed(gate: string): boolean {
    return this.#gates.get(`${gate} ${this.#tree}`) === "gate_passed";
  }

  /** What is used at `now`, milliseconds on the run clock, of each budget that the plan sets. */
  budgets(now: number): readonly Budget[] {
    const { time_secs, attempts, tokens, usd } = this.#plan.budget;
    const pausedMs = this.#pausedMs + (this.isPaused ? now - this.#pausedSince : 0);
    const all = [
      { budget: "time", used: (now - this.#startedAt - pausedMs) / 1000, planned: time_secs },
      { budget: "attempts", used: this.claims, planned: attempts },
      { budget: "tokens", used: this.#usage.get("tokens") ?? 0, planned: tokens },
      { budget: "usd", used: this.#usage.get("usd") ?? 0, planned: usd },
    ];
    return all.flatMap(({ budget, used, planned }) =>
      planned === undefined || planned === null
        ? []
        : [{ budget, used, limit: planned + (this.#added.get(budget) ?? 0) }]
    );
  }

  /** Whether the plan sets this budget. */
  isLimited(budget: string): boolean {
    return this.budgets(0).some((each) => each.budget === budget);
  }

  /**
   * What is to be told of budgets while something could start (`isWaiting`) or is at work, in the words of `words.ts`.
   * What is at work may end well within a budget of attempts, and a pause stops the time.
   */
  reports(now: number, isWaiting: boolean, isAtWork: boolean): string[] {
    if (this.exhausted !== null || !(isWaiting || isAtWork)) return [];
    const all = this.budgets(now);
    const usedUp = all.find(({ budget, used, limit }) =>
      used >= limit && (budget !== "attempts" || isWaiting) && (budget !== "time" || !this.isPaused)
    );
    const near = all.filter(({ budget, used, limit }) => used >= 0.8 * limit && !this.#told.has(budget));
    const told = ({ budget, used, limit }: Budget) => `${budget} ${used} of ${limit}`;
    return usedUp === undefined
      ? near.map((each) => `budget_checkpoint ${told(each)}`)
      : [`budget_exhausted ${told(usedUp)}`];
  }

  /** Takes note of an event that comes at `ts`, milliseconds on the run clock. */
  read(event: RunEvent, ts: number, broken: Broken): void {
    if (ts < this.lastTs) broken("time runs backwards");
    switch (event.kind) {
      case "run_started":
        this.#own = event.payload.settings.workers;
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
        if (event.payload.worker === "local") break;
        this.#hands.set(event.payload.worker, { slots: event.payload.slots, isServing: true });
        break;
      case "worker_dead":
      case "worker_stopped":
        this.#serve(event.payload.worker, false);
        break;
      case "worker_recovered":
        if (event.payload.attempt === undefined) this.#serve(event.payload.worker, true);
        break;
      case "run_finished":
        for (const worker of this.#hands.keys()) this.#serve(worker, false);
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
        this.accepted += 1;
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

  #serve(worker: string, isServing: boolean): void {
    const hands = this.#hands.get(worker);
    if (hands !== undefined) this.#hands.set(worker, { ...hands, isServing });
  }

  #readBudget(event: RunEvent, ts: number, broken: Broken): void {
    switch (event.kind) {
      case "budget_checkpoint":
        this.#checkBudget(event.payload, ts, broken);
        this.#told.add(event.payload.budget);
        break;
      case "budget_exhausted":
        if (event.payload.task_id !== undefined) break;
        this.#checkBudget(event.payload, ts, broken);
        this.exhausted = event.payload.budget;
        break;
      case "budget_extended": {
        const { budget, by, task_id } = event.payload;
        if (task_id !== undefined) break;
        this.#added.set(budget, (this.#added.get(budget) ?? 0) + by);
        this.#told.delete(budget);
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
    told: Budget,
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
