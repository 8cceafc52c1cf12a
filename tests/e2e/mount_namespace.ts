/** A mount namespace of one's own: what is mounted there is seen by its processes alone. */

/** What `unshare` is told for one in which this user may mount. */
export const MOUNT_NAMESPACE: readonly string[] = Deno.uid() === 0
  ? ["--mount"]
  : ["--map-root-user", "--mount"];

let isAllowed: boolean | undefined;

/** Whether this machine lets one be made: many a container does not. */
export function canMount(): boolean {
  isAllowed ??= new Deno.Command("unshare", {
    args: [...MOUNT_NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/tmp"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).outputSync().success;
  return isAllowed;
}
