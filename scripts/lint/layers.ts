import { folderOf, importVisitor, projectPath, targetOf } from "./source.ts";

/** Who may import whom: a layer imports the layers below it. `root` stands for the files directly in `src/`. */
const LAYERS: readonly (readonly string[])[] = [
  ["main"],
  ["cli"],
  ["run"],
  ["scheduler", "worker", "watchdog", "gates", "git", "proof"],
  ["process", "log", "plan"],
  ["root"],
];

/** Imports at run time between folders of one layer; types may cross freely there. */
const SIBLINGS: ReadonlySet<string> = new Set(["plan -> log", "process -> log"]);

/** Imports between the folders of `src/` point one way. */
export const layers: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context.filename);
    const from = folderOf(path);
    if (from === undefined) return {};
    return importVisitor(({ node, specifier, typeOnly }) => {
      const target = targetOf(path, specifier);
      if (target === undefined) return;
      const to = folderOf(target);
      if (to === undefined) {
        context.report({ node, message: `src/ may not import "${target}"`, hint: "Move the code into src/" });
        return;
      }
      const problem = layerProblem(from, to, typeOnly);
      if (problem !== undefined) {
        context.report({
          node,
          message: `"${from}" may not import "${to}": ${problem}`,
          hint: `The order is ${LAYERS.map((layer) => layer.join(", ")).join(" -> ")}`,
        });
      }
    });
  },
};

/** Why a file in folder `from` may not import one in folder `to`; `undefined` if it may. */
function layerProblem(from: string, to: string, typeOnly: boolean): string | undefined {
  if (from === to) return undefined;
  const fromLayer = LAYERS.findIndex((layer) => layer.includes(from));
  const toLayer = LAYERS.findIndex((layer) => layer.includes(to));
  if (fromLayer < 0 || toLayer < 0) return `"${fromLayer < 0 ? from : to}" is not in the table of layers`;
  if (fromLayer > toLayer) return "the import points up";
  if (fromLayer < toLayer || typeOnly || SIBLINGS.has(`${from} -> ${to}`)) return undefined;
  return "folders of one layer share types only";
}
