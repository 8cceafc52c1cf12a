/** What `omk doctor` found, for people. */

import type { SettingRow } from "../doctor/check_config.ts";
import type { Area, Finding, Level } from "../doctor/finding.ts";
import { type Style, UNLIMITED_COLUMNS } from "../output.ts";
import { alignColumns, counted } from "./text.ts";

/** The areas with their findings. What is wrong is told in full, however narrow the terminal is. */
export function areaLines(areas: readonly Area[], style: Style): readonly string[] {
  const findings = areas.flatMap((area) => area.findings);
  const rows = alignColumns(
    findings.map(({ level, check, found }) => [`  ${styled(level, style)}`, check, found]),
    UNLIMITED_COLUMNS,
  );
  const lineOf = new Map(findings.map((each, at) => [each, rows[at] ?? ""]));
  return areas.flatMap(({ title, findings }) => [
    style.bold(title),
    ...findings.flatMap((each) => [lineOf.get(each) ?? "", ...adviceLines(each, style)]),
    "",
  ]);
}

function adviceLines({ why, fix }: Finding, style: Style): readonly string[] {
  return [
    ...why === null ? [] : [`    ${style.dim("why:")} ${why}`],
    ...fix === null ? [] : [`    ${style.dim("do:")}  ${fix}`],
  ];
}

/** What holds of each setting, and who said so. */
export function settingLines(rows: readonly SettingRow[], style: Style): readonly string[] {
  const lines = alignColumns(
    rows.map(({ setting, text, source, origin }) => [
      `  ${setting}`,
      text,
      source === "default" ? style.dim("default") : origin ?? source,
    ]),
    UNLIMITED_COLUMNS,
  );
  return [style.bold("Settings"), ...lines];
}

/** The last line: whether runs can start. */
export function verdictLine(areas: readonly Area[], style: Style): string {
  const levels = areas.flatMap((area) => area.findings).map((each) => each.level);
  const errors = levels.filter((level) => level === "error").length;
  const warnings = levels.filter((level) => level === "warning").length;
  const also = warnings === 0 ? "" : ` and ${counted(warnings, "warning")}`;
  if (errors > 0) {
    return `${style.red(counted(errors, "error"))}${also}: no run can start before that is put right`;
  }
  return warnings === 0
    ? style.green("Runs can start here")
    : `Runs can start here, with ${style.yellow(counted(warnings, "warning"))}`;
}

function styled(level: Level, style: Style): string {
  switch (level) {
    case "ok":
      return style.green("ok");
    case "note":
      return style.blue("note");
    case "warning":
      return style.yellow("warning");
    case "error":
      return style.red("error");
  }
}
