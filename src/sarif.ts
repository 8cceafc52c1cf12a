/**
 * SARIF 2.1.0, the format in which analysers report findings, as far as omk reads it: a list of runs, each with its
 * results. All else goes through as it is.
 */

import * as z from "zod";

/** The only version that omk reads and writes. */
export const SARIF_VERSION = "2.1.0";

const runSchema = z.looseObject({
  tool: z.looseObject({ driver: z.looseObject({ name: z.string() }) }),
  results: z.array(z.looseObject({})).optional(),
  automationDetails: z.looseObject({ id: z.string().optional() }).optional(),
});

const logSchema = z.looseObject({ version: z.literal(SARIF_VERSION), runs: z.array(runSchema) });

/** A SARIF log. */
export type SarifLog = z.infer<typeof logSchema>;

/** Reads a SARIF log; null where the text is none of version 2.1.0. */
export function parseSarif(text: string): SarifLog | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const result = logSchema.safeParse(value);
  return result.success ? result.data : null;
}
