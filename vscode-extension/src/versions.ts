/** Whether server and extension are made for each other. Pure. */

/** A sentence on what two versions mean for the person; `undefined` where they fit. */
export function mismatch(server: string, extension: string): string | undefined {
  const [theirs, ours] = [numbers(server), numbers(extension)];
  if (
    theirs === undefined ||
    ours === undefined ||
    (theirs[0] === ours[0] && theirs[1] === ours[1])
  ) {
    return undefined;
  }
  const isOlder = theirs[0] < ours[0] || (theirs[0] === ours[0] && theirs[1] < ours[1]);
  return isOlder
    ? `stepwell ${server} of this project is older than the extension (${extension}): some of what the extension offers is not there.`
    : `stepwell ${server} of this project is newer than the extension (${extension}): update the extension to see all of it.`;
}

function numbers(version: string): readonly [number, number] | undefined {
  const found = /^(\d+)\.(\d+)/.exec(version);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}
