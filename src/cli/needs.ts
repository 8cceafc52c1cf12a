/**
 * The permissions that a command keeps. The program is started with all that any command uses; what the called one
 * does not use is given up before it runs, and cannot be had back. Reading is kept by all.
 */

/** What a command uses beyond reading files. */
export interface Needs {
  /** Starts programs, and looks at the environment that these get. */
  readonly run: boolean;
  readonly write: boolean;
}

/** A permission of the program, as the runtime names it. */
export type Permission = "read" | "write" | "run" | "env";

/** Every permission that the program is started with. */
export const PERMISSIONS: readonly Permission[] = ["read", "write", "run", "env"];

/** The needs of a command that declares none. */
export const NEEDS_ALL: Needs = { run: true, write: true };

/** The needs of a command that reads files and prints. */
export const NEEDS_READ: Needs = { run: false, write: false };

/** What a command with these needs holds while it runs. */
export function heldPermissions(needs: Needs): readonly Permission[] {
  const held: Readonly<Record<Permission, boolean>> = {
    read: true,
    write: needs.write,
    run: needs.run,
    env: needs.run,
  };
  return PERMISSIONS.filter((permission) => held[permission]);
}

/** Gives up what is not needed, and what no command needs, for the rest of the process. */
export function giveUpPermissions(needs: Needs): void {
  const held = heldPermissions(needs);
  for (const name of PERMISSIONS) {
    if (!held.includes(name)) Deno.permissions.revokeSync({ name });
  }
  // The program is compiled without these; from source somebody may have granted them.
  for (const name of ["net", "ffi", "sys"] as const) Deno.permissions.revokeSync({ name });
}
