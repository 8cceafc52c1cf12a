/** Parts of payloads that several kinds have. */

import * as z from "zod";
import { eventIndex, iterationNumber, reusedFrom, sha256Hex } from "../payloads.ts";

/** The request that a fact answers, where it answers one. */
export const answers = { request: eventIndex.optional() };
/** The attempt is one of an earlier run, whose work is taken over; its number and token are those of that run. */
export const reuse = { reused: reusedFrom.optional() };
/** The iteration of a loop that is kept; absent for what the attempt leaves in the end. */
export const iterated = { iteration: iterationNumber.optional() };
/** Why, for people. */
export const reason = z.string();
/** SHA-256 of the public key that signed a person's verdict, and of the statement that it signed; absent unsigned. */
export const signedVerdict = { signed_by: sha256Hex.optional(), statement: sha256Hex.optional() };
/** What a budget limits. */
export const budgetName = z.enum(["time", "attempts", "tokens", "usd"]);
/** Index and sum of a commit's last event. */
export const logHead = z.strictObject({ index: eventIndex, sum: sha256Hex });
