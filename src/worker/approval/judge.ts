/** Decides over requests for permission, by the policy of the plan. Pure. */

import type { ApprovalSpec } from "../../plan/approval.ts";
import { allow, deny, type Judgement } from "./judgement.ts";
import type { SeenRequest } from "./request.ts";
import { fits, textOfRule } from "./rule.ts";
import { judgeSafely, type WriteLimit } from "./safe.ts";

/** The strictest first. */
const BY_STRICTNESS = ["deny", "ask", "allow"] as const;

/** What the policy says of a request. */
export function judge(spec: ApprovalSpec, request: SeenRequest, limit: WriteLimit): Judgement {
  switch (spec.policy) {
    case "never":
      return deny("the policy is never");
    case "yolo":
      return allow("the policy is yolo");
    case "safe":
      return judgeSafely(request, limit);
    case "pattern":
      return judgeByRules(spec, request, limit);
  }
}

function judgeByRules(spec: ApprovalSpec, request: SeenRequest, limit: WriteLimit): Judgement {
  for (const decision of BY_STRICTNESS) {
    const at = spec.rules.findIndex((rule) => rule.decision === decision && fits(rule, request, limit));
    const rule = spec.rules[at];
    if (rule !== undefined) return { decision, reason: rule.reason ?? `rule ${at + 1}: ${textOfRule(rule)}` };
  }
  switch (spec.otherwise) {
    case "deny":
      return deny("no rule allows it");
    case "ask":
      return { decision: "ask", reason: "no rule is about it" };
    case "safe":
      return judgeSafely(request, limit);
  }
}
