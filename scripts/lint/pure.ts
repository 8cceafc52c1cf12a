import { importVisitor, memberName, projectPath, targetOf } from "./source.ts";

/** The deterministic modules, and those that they may import; a trailing slash names a folder. */
const PURE: readonly string[] = [
  "src/scheduler/",
  "src/watchdog/",
  "src/run/due_gates.ts",
  "src/run/finish.ts",
  "src/run/predict.ts",
  "src/run/state.ts",
  "src/run/state/",
  "src/proof/status.ts",
  "src/canonical_json.ts",
  "src/errors.ts",
  "src/log/event.ts",
  "src/log/kinds.ts",
  "src/log/kinds/",
  "src/log/payloads.ts",
  "src/log/redact.ts",
  "src/log/review_finding.ts",
  "src/log/secret_patterns.ts",
  "src/plan/agent_measures.ts",
  "src/plan/agent_presets.ts",
  "src/plan/agent_schema.ts",
  "src/plan/agent_work.ts",
  "src/plan/approval.ts",
  "src/plan/approval_path.ts",
  "src/plan/approval_schema.ts",
  "src/plan/checks/",
  "src/plan/command.ts",
  "src/plan/cycles.ts",
  "src/plan/defaults.ts",
  "src/plan/draft.ts",
  "src/plan/duration.ts",
  "src/plan/gate_schema.ts",
  "src/plan/glob.ts",
  "src/plan/graph.ts",
  "src/plan/merge_gates.ts",
  "src/plan/nearest.ts",
  "src/plan/normalize.ts",
  "src/plan/path_cover.ts",
  "src/plan/path_entry.ts",
  "src/plan/path_index.ts",
  "src/plan/path_set.ts",
  "src/plan/problem.ts",
  "src/plan/proposal.ts",
  "src/plan/read_only.ts",
  "src/plan/resolve_agent.ts",
  "src/plan/rubrics.ts",
  "src/plan/schema.ts",
  "src/plan/schema_findings.ts",
  "src/plan/schema_values.ts",
  "src/plan/shell_command.ts",
  "src/plan/spec.ts",
  "src/plan/stored_task.ts",
  "src/plan/suggest.ts",
  "src/plan/task_schema.ts",
  "src/plan/tracked_tree.ts",
];

/** Packages that compute and nothing else. */
const PURE_PACKAGES: ReadonlySet<string> = new Set(["zod"]);

/** Globals that give I/O, time or randomness. */
const IMPURE_GLOBALS: ReadonlySet<string> = new Set([
  "Deno",
  "fetch",
  "crypto",
  "performance",
  "setTimeout",
  "setInterval",
  "clearTimeout",
  "clearInterval",
  "setImmediate",
  "localStorage",
  "Worker",
  "WebSocket",
]);

/** The deterministic core uses no I/O, clock or randomness, and imports only what is pure too. */
export const pure: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context.filename);
    if (!isPure(path)) return {};
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({
        node,
        message: `${what} in a pure module`,
        hint: "Take time, randomness and the outside world as parameters or events",
      });
    return {
      ...importVisitor(({ node, specifier, typeOnly }) => {
        const target = targetOf(path, specifier);
        const allowed = typeOnly || (target === undefined ? PURE_PACKAGES.has(specifier) : isPure(target));
        if (!allowed) report(node, `Import of "${specifier}"`);
      }),
      Identifier(node) {
        if (IMPURE_GLOBALS.has(node.name) && !isName(node)) report(node, node.name);
      },
      MemberExpression(node) {
        if (node.object.type !== "Identifier") return;
        const member = `${node.object.name}.${memberName(node)}`;
        if (["Date.now", "Math.random", "Temporal.Now"].includes(member)) report(node, member);
      },
      NewExpression(node) {
        if (isDate(node.callee) && node.arguments.length === 0) {
          report(node, "new Date() without an argument");
        }
      },
      CallExpression(node) {
        if (isDate(node.callee)) report(node, "Date()");
      },
    };
  },
};

function isPure(path: string): boolean {
  return PURE.some((entry) => entry.endsWith("/") ? path.startsWith(entry) : path === entry);
}

function isDate(callee: Deno.lint.Expression): boolean {
  return callee.type === "Identifier" && callee.name === "Date";
}

/** Whether an identifier only names a member, a key or a type, and so reads no global. */
function isName(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
      return parent.key === node && !parent.computed && !parent.shorthand;
    case "PropertyDefinition":
    case "MethodDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return parent.key === node;
    case "TSTypeReference":
    case "TSQualifiedName":
    case "TSTypeQuery":
      return true;
    default:
      return false;
  }
}
