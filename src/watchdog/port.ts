/** The port to what workers tell of themselves, and to what the machine tells of them. */

import type { ProcessIdentity } from "../process/port.ts";
import type { Heartbeat, HeartbeatReading } from "./heartbeat.ts";

/** See the module. */
export interface Heartbeats {
  /** This omk process. */
  readonly process: ProcessIdentity;
  /** Wall clock, milliseconds since 1970: the time of heartbeats. */
  wall(): number;
  /**
   * CPU time so far of each body that this process runs, milliseconds, by pid of its leader; null where it cannot be
   * measured. Never rejects.
   */
  cpuTimes(): Promise<ReadonlyMap<number, number> | null>;
  /** Puts the heartbeat of a worker in the place of the one before. One that cannot be written is missed by others. */
  write(worker: string, heartbeat: Heartbeat): Promise<void>;
  /** The latest heartbeat of a worker. Never rejects. */
  read(worker: string): Promise<HeartbeatReading>;
  /** Whether the process of a worker is still that very process. Never rejects: who cannot be asked is alive. */
  isAlive(identity: ProcessIdentity): Promise<boolean>;
}
