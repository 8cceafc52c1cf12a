/** Where the index of a home is, without loading what a database needs. */

/** The file of the index, whether it is there or not. */
export function indexPath(home: string): string {
  return `${home}/index.sqlite`;
}

/** The file of the index, where somebody has asked for one; undefined where nobody has. */
export async function existingIndex(home: string): Promise<string | undefined> {
  const path = indexPath(home);
  try {
    return (await Deno.stat(path)).isFile ? path : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
