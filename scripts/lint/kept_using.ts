import { projectPath } from "./source.ts";

/** A `using` whose variable is read once, right behind it, is lost: the minifier puts the value in the place of the variable. */
export const keptUsing: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context.filename);
    if (path !== "main.ts" && !path.startsWith("src/")) return {};
    return {
      VariableDeclaration(node) {
        const { kind, declarations, parent } = node;
        const isUsing = kind === "using" || kind === "await using";
        if (!isUsing || (parent.type !== "BlockStatement" && parent.type !== "Program")) return;
        const [declared] = declarations;
        if (declared?.id.type !== "Identifier" || declared.id.name.startsWith("_")) return;
        const { name } = declared.id;
        const behind = parent.body.slice(parent.body.findIndex((each) => each === node) + 1);
        const readsIn = (part: Deno.lint.Node) =>
          context.sourceCode.getText(part).match(wordOf(name))?.length ?? 0;
        const [next] = behind;
        const reads = behind.reduce((sum, each) => sum + readsIn(each), 0);
        if (next === undefined || reads !== 1 || readsIn(next) !== 1) return;
        context.report({
          node,
          message: `using "${name}" is read once, right behind it, and so is lost in the executable`,
          hint: `write: const ${name} = …; ${kind} _${name} = ${name};`,
        });
      },
    };
  },
};

function wordOf(name: string): RegExp {
  return new RegExp(`(?<![\\w$.])${name.replaceAll("$", "\\$")}(?![\\w$])`, "g");
}
