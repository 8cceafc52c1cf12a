/** One line of the table of kinds: who appends it, whether it is synced, and the schema of its payload. */

import * as z from "zod";
import { requester } from "../payloads.ts";

/** Who appends a kind: the controller, any process, or whoever holds the log's lock. */
export type KindClass = "fact" | "request" | "record";

/** One line of the table. */
export interface KindEntry<S extends z.ZodType> {
  readonly class: KindClass;
  /** Synced under `batch` durability before its effect is visible (the kinds marked S). */
  readonly synced: boolean;
  readonly payload: S;
}

type Shape = Readonly<Record<string, z.ZodType>>;

/** A fact: the controller alone appends it. */
export function fact<const S extends Shape>(shape: S): KindEntry<z.ZodObject<S, z.core.$strict>> {
  return { class: "fact", synced: false, payload: z.strictObject(shape) };
}

/** A fact that `batch` durability syncs. */
export function syncedFact<const S extends Shape>(shape: S): KindEntry<z.ZodObject<S, z.core.$strict>> {
  return { class: "fact", synced: true, payload: z.strictObject(shape) };
}

/** A request: any process appends it, and says which it is. */
export function request<const S extends Shape>(
  shape: S,
): KindEntry<z.ZodObject<S & typeof requester, z.core.$strict>> {
  return { class: "request", synced: false, payload: z.strictObject({ ...shape, ...requester }) };
}

/** A record about the log itself. */
export function record<const S extends Shape>(shape: S): KindEntry<z.ZodObject<S, z.core.$strict>> {
  return { class: "record", synced: false, payload: z.strictObject(shape) };
}
