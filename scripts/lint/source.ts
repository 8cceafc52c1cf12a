/** What the lint rules ask of a file: where it belongs, what it imports, which members it names. */

/** The folder of the project, with a trailing slash. */
const ROOT = new URL("../..", import.meta.url).pathname;

/** The path of a linted file inside the project. */
export function projectPath(filename: string): string {
  const path = filename.replaceAll("\\", "/").replace(/^file:\/\//, "");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

/** The layer folder that a file belongs to; `undefined` for tests and scripts. */
export function folderOf(path: string): string | undefined {
  if (path === "main.ts") return "main";
  if (!path.startsWith("src/")) return undefined;
  const parts = path.split("/");
  return parts.length === 2 ? "root" : parts[1];
}

/** An import of one file by another, whatever its syntax. */
export interface Import {
  readonly node: Deno.lint.Node;
  readonly specifier: string;
  /** Whether it is erased before the program runs. */
  readonly typeOnly: boolean;
}

/** A visitor that hands every static, dynamic and re-exporting import of a file to `report`. */
export function importVisitor(report: (found: Import) => void): Deno.lint.LintVisitor {
  return {
    ImportDeclaration(node) {
      report({ node, specifier: node.source.value, typeOnly: node.importKind === "type" });
    },
    ExportAllDeclaration(node) {
      report({ node, specifier: node.source.value, typeOnly: node.exportKind === "type" });
    },
    ExportNamedDeclaration(node) {
      if (node.source) report({ node, specifier: node.source.value, typeOnly: node.exportKind === "type" });
    },
    ImportExpression(node) {
      if (node.source.type === "Literal" && typeof node.source.value === "string") {
        report({ node, specifier: node.source.value, typeOnly: false });
      }
    },
  };
}

/** The project path of a relative import, or `undefined` for a bare one. */
export function targetOf(importer: string, specifier: string): string | undefined {
  return /^\.{1,2}\//.test(specifier)
    ? new URL(specifier, `file:///${importer}`).pathname.slice(1)
    : undefined;
}

/** The name of a member that is written out: `a.b` or `a["b"]`. */
export function memberName(node: Deno.lint.MemberExpression): string | undefined {
  if (node.property.type === "Identifier" && !node.computed) return node.property.name;
  return node.property.type === "Literal" ? String(node.property.value) : undefined;
}
