import { folderOf, projectPath } from "./source.ts";

/** What a reader can import says what it is: every export, and every public method of an exported class. */
export const documented: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context.filename);
    if (folderOf(path) === undefined && !path.startsWith("scripts/")) return {};
    const require = (node: Deno.lint.Node, what: string) => {
      if (hasDocComment(context.sourceCode, node)) return;
      context.report({
        node,
        message: `${what} has no doc comment`,
        hint: "Say what it is for, in /** ... */",
      });
    };
    return {
      ExportNamedDeclaration(node) {
        const declaration = node.declaration;
        if (!declaration) return;
        require(node, `Exported ${nameOf(declaration)}`);
        if (declaration.type === "ClassDeclaration") requireOnMethods(declaration, require);
      },
      ExportDefaultDeclaration(node) {
        // `export default name` refers to what is documented at its own place.
        if (node.declaration.type !== "Identifier") require(node, "Default export");
      },
    };
  },
};

/**
 * Whether a doc comment ends on the line before the node, or on its own. `getCommentsBefore` gives all comments
 * that precede a node, however far away.
 */
function hasDocComment(source: Deno.lint.SourceCode, node: Deno.lint.Node): boolean {
  return source.getCommentsBefore(node).some((comment) =>
    comment.type === "Block" && comment.value.startsWith("*") &&
    /^[ \t]*\n?[ \t]*$/.test(source.text.slice(comment.range[1], node.range[0]))
  );
}

function requireOnMethods(
  declaration: Deno.lint.ClassDeclaration,
  require: (node: Deno.lint.Node, what: string) => void,
): void {
  // What an interface promises is documented there.
  if (declaration.implements.length > 0) return;
  for (const member of declaration.body.body) {
    if (member.type !== "MethodDefinition" || member.kind === "constructor" || member.override) continue;
    if (member.accessibility !== "private" && member.key.type === "Identifier") {
      require(member, `Method "${member.key.name}"`);
    }
  }
}

function nameOf(declaration: Deno.lint.Node): string {
  if (declaration.type === "VariableDeclaration") {
    const id = declaration.declarations[0]?.id;
    return id?.type === "Identifier" ? `"${id.name}"` : "pattern";
  }
  return "id" in declaration && declaration.id?.type === "Identifier"
    ? `"${declaration.id.name}"`
    : "declaration";
}
