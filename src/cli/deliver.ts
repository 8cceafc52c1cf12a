/** The delivery of a run, as `omk merge` and `omk run --merge` do it. */

import { deliverRun } from "../run/deliver_run.ts";
import { findRun } from "../run/find_run.ts";
import type { CommandContext } from "./command.ts";
import { VERBOSITY } from "./config/settings.ts";
import { ciMarks } from "./render/ci/marks.ts";
import { PlainView } from "./render/plain_view.ts";

/** What is to be delivered. */
export interface DeliverRequest {
  readonly home: string;
  /** The run as the user names it; undefined: the newest. */
  readonly runText: string | undefined;
  readonly into?: string | undefined;
  readonly anyway: boolean;
  readonly allowSecrets: boolean;
}

/** Delivers, and says what was done. */
export async function deliver(context: CommandContext, request: DeliverRequest): Promise<void> {
  const { output, json } = context;
  const verbosity = context.config.value(VERBOSITY) ?? "normal";
  const view = new PlainView(output, { mode: "group", verbosity, marks: ciMarks(context.env) });
  const directory = await findRun(request.home, request.runText);
  const delivery = await deliverRun({
    directory,
    home: request.home,
    env: context.env,
    into: request.into,
    anyway: request.anyway,
    allowSecrets: request.allowSecrets,
    watcher: json ? {} : { onEvent: (event, state) => view.event(event, state) },
  });
  if (json) {
    output.json({ schema_version: 1, run_id: directory.runId, ...delivery });
    return;
  }
  const branch = delivery.branch.replace(/^refs\/heads\//, "");
  if (delivery.unchanged) {
    output.print(`${branch} holds run ${directory.runId} already, at ${delivery.to.slice(0, 12)}`);
    return;
  }
  const how = delivery.merged
    ? "merged with what was on the branch, checked again, and delivered"
    : "delivered";
  output.print(`run ${directory.runId} is ${how}: ${branch} is now at ${delivery.to.slice(0, 12)}`);
  if (delivery.checkout !== null) output.print(`  the checkout ${delivery.checkout} was updated`);
}
