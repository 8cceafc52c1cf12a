/** The proof of a run from its intent to its digest in the log, and with it the end of the run. */

import { draft } from "../log/event.ts";
import type { LogHead } from "../log/port.ts";
import { exitCodeOf, runStatus } from "../proof/status.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { ControllerHandle } from "./controller_handle.ts";

/** Writes the proof whose log head is `head`, and finishes the run with the status that it states. */
export async function writeProof(controller: ControllerHandle, head: LogHead): Promise<void> {
  const { state, ports } = controller;
  const status = runStatus(state);
  // What the proof names is to be found without omk's own repository.
  await ports.merger?.publish(state.run.run_id);
  const written = await ports.proof.write(state, status, head);
  await controller.commit((current) => {
    // A log that was tampered with meanwhile calls for another proof.
    if (current.run.proof_writing !== head.index) return [];
    const actor = controllerActor(current);
    return [
      draft("proof_written", "run", actor, { status, head, ...written }),
      ...current.run.open_requests.map(({ index }) =>
        draft("request_refused", "run", actor, { request: index, reason: "the run has ended" })
      ),
      draft("run_finished", "run", actor, { status, exit_code: exitCodeOf(status) }),
    ];
  });
}
