import { assert, assertEquals } from "@std/assert";
import { SETTINGS } from "../../../src/cli/config/settings.ts";

/** The rows of the table as Markdown, the heading first; columns are not aligned. */
function configurationMarkdown(): string {
  const heading = ["setting", "what it decides", "value", "default", "variable", "option", "in a plan"];
  const rows = SETTINGS.map((setting) => [
    `\`${setting.name}\``,
    setting.meaning,
    setting.kind.choices.map((each) => `\`${each}\``).join(", ") || setting.kind.expected,
    setting.fallbackText,
    `\`${setting.variable}\``,
    setting.options.map(({ name }) => `\`--${name}\``).join(", "),
    setting.inPlan ? "yes" : "",
  ]);
  return [heading, heading.map(() => "-"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The cells of a Markdown table, however its columns are aligned. */
function cellsOf(markdown: string): readonly (readonly string[])[] {
  return markdown.trim().split("\n").map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replace(/^-+$/, "-"))
  );
}

Deno.test("README shows the settings as the table in the code has them", async () => {
  const readme = await Deno.readTextFile(new URL("../../../README.md", import.meta.url));
  const [, table] = /<!-- configuration -->\s+([^]*?)<!-- \/configuration -->/.exec(readme) ?? [];
  assert(
    table !== undefined,
    `Between <!-- configuration --> and <!-- /configuration --> belongs:\n${configurationMarkdown()}`,
  );
  assertEquals(cellsOf(table), cellsOf(configurationMarkdown()));
});
