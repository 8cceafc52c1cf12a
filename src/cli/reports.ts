/** `--report KIND=FILE`: what a run has come to, in formats that other tools read. */

import { resolve } from "@std/path";
import { InfraError, reasonOf, UsageError } from "../errors.ts";
import type { Proof } from "../proof/schema.ts";
import type { GateFindings } from "../proof/sarif_report.ts";
import type { RunDirectory } from "../run/directory.ts";
import type { CommandArguments, OptionSpec } from "./command.ts";
import type { Output } from "./output.ts";
import { readProof } from "./read_proof.ts";
import { requireDirectory } from "./require_directory.ts";
import { counted } from "./render/text.ts";

const KINDS = ["junit", "sarif"] as const;

/** The option that asks for reports. */
export const REPORT_OPTION: OptionSpec = {
  name: "report",
  type: "list",
  placeholder: "KIND=FILE",
  description: "Write what it came to: junit=FILE (tasks and gates as tests), sarif=FILE (findings of gates)",
};

/** A report that was asked for. */
export interface ReportRequest {
  readonly kind: typeof KINDS[number];
  /** Absolute. */
  readonly path: string;
}

/**
 * The reports that the options ask for.
 *
 * @throws {UsageError} for an unknown kind, and for a file whose directory is not there: before anything runs.
 */
export async function requestedReports(
  args: CommandArguments,
  cwd: string,
): Promise<readonly ReportRequest[]> {
  return await Promise.all(
    args.list(REPORT_OPTION.name).map(async (text) => {
      const [name, file] = split(text);
      const kind = KINDS.find((each) => each === name);
      if (kind === undefined || file === "") {
        throw new UsageError({
          what: `Cannot write the report "${text}"`,
          why: "a report is junit=FILE or sarif=FILE",
          fix: "for example --report junit=omk.xml",
        });
      }
      const path = resolve(cwd, file);
      await requireDirectory("Cannot write the report", path);
      return { kind, path };
    }),
  );
}

/**
 * Writes reports of a run that has a proof.
 *
 * @throws {InfraError} where one cannot be written.
 */
export async function writeReports(
  requests: readonly ReportRequest[],
  directory: RunDirectory,
  output: Output,
): Promise<void> {
  if (requests.length === 0) return;
  const proof = await readProof(directory);
  for (const { kind, path } of requests) {
    const text = kind === "junit" ? await junit(proof) : await sarif(proof, directory, output);
    try {
      await Deno.writeTextFile(path, text);
    } catch (error) {
      throw new InfraError({
        what: `Cannot write the ${kind} report`,
        where: path,
        why: reasonOf(error),
        cause: error,
      });
    }
  }
}

async function junit(proof: Proof): Promise<string> {
  return (await import("../proof/junit_report.ts")).junitReport(proof);
}

async function sarif(proof: Proof, directory: RunDirectory, output: Output): Promise<string> {
  const [{ parseSarif }, { mergeSarif }] = await Promise.all([
    import("../sarif.ts"),
    import("../proof/sarif_report.ts"),
  ]);
  const findings: GateFindings[] = [];
  for (const { name, reports } of proof.gates) {
    for (const path of reports ?? []) {
      const log = parseSarif(await Deno.readTextFile(`${directory.path}/${path}`));
      if (log !== null) findings.push({ gate: name, log });
    }
  }
  const { log, runsLeftOut, resultsLeftOut } = mergeSarif(findings);
  if (runsLeftOut + resultsLeftOut > 0) {
    const what = [counted(runsLeftOut, "run"), counted(resultsLeftOut, "result")].join(" and ");
    output.note(
      `${output.errorStyle.yellow("warning:")} ${what} left out of the SARIF report, which forges limit`,
    );
  }
  return `${JSON.stringify(log)}\n`;
}

function split(text: string): readonly [kind: string, file: string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
