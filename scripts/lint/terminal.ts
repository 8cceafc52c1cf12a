import { folderOf, memberName, projectPath } from "./source.ts";

/** Members of `Deno` that belong to the command line. */
const TERMINAL_MEMBERS: ReadonlySet<string> = new Set([
  "args",
  "exit",
  "exitCode",
  "stdin",
  "stdout",
  "stderr",
  "addSignalListener",
  "removeSignalListener",
]);

/** Arguments, exit codes, signals and the console belong to `main.ts` and `src/cli/` alone. */
export const terminal: Deno.lint.Rule = {
  create(context) {
    const folder = folderOf(projectPath(context.filename));
    if (folder === undefined || folder === "main" || folder === "cli") return {};
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({
        node,
        message: `${what} outside main.ts and src/cli/`,
        hint: "Return a value, throw an OmkError, or take the output, arguments or signal as a parameter",
      });
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier") return;
        const name = memberName(node);
        if (node.object.name === "console") report(node, `console.${name ?? "*"}`);
        if (node.object.name === "Deno" && name !== undefined && TERMINAL_MEMBERS.has(name)) {
          report(node, `Deno.${name}`);
        }
      },
      "VariableDeclarator[init.name='Deno'] > ObjectPattern"(node: Deno.lint.ObjectPattern) {
        report(node, "Taking Deno apart");
      },
    };
  },
};
