/** Whether a path is that of a regular file, or of a link to one. */

/** See the module. What cannot be looked at is an error, what is not there is not. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
