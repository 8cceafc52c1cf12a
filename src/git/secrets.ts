/** Secrets in what an attempt changed: found by shape, reported by path (P12). */

import { decode } from "./command.ts";
import type { Hub } from "./hub.ts";
import type { TreeChange } from "./object_reader.ts";
import { MODE_GITLINK, MODE_SYMLINK } from "./objects.ts";

/** Larger files are data, not source; a secret in source stands in a file of a few kilobytes. */
const LARGEST_SCANNED_BYTES = 1024 * 1024;

/** How much is held in memory at once. */
const BATCH_BYTES = 16 * 1024 * 1024;

/** git takes a file for binary that has a NUL in its first 8000 bytes. */
const BINARY_PROBE_BYTES = 8000;

/** The added and modified text files whose content `findSecrets` recognises; at most 1 MiB each is looked at. */
export async function findSecretPaths(
  hub: Hub,
  changes: readonly TreeChange[],
  findSecrets: (text: string) => boolean,
): Promise<string[]> {
  const files = changes.filter(({ change, mode }) =>
    change !== "deleted" && mode !== MODE_SYMLINK && mode !== MODE_GITLINK
  );
  const sizes = await hub.blobSizes(files.map(({ blob }) => blob));
  const found: string[] = [];
  let batch: TreeChange[] = [];
  let bytes = 0;
  const scan = async () => {
    const contents = await hub.blobs(batch.map(({ blob }) => blob));
    for (const [at, { path }] of batch.entries()) {
      const content = contents[at] ?? new Uint8Array();
      const binary = content.subarray(0, BINARY_PROBE_BYTES).includes(0);
      if (!binary && findSecrets(decode(content))) found.push(path);
    }
    batch = [];
    bytes = 0;
  };
  for (const [at, file] of files.entries()) {
    const size = sizes[at] ?? 0;
    if (size > LARGEST_SCANNED_BYTES) continue;
    if (bytes + size > BATCH_BYTES) await scan();
    batch.push(file);
    bytes += size;
  }
  await scan();
  return found;
}
