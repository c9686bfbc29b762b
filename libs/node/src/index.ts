/**
 * Ends an app under a Node that is too old with what is needed and how it is got, instead of a TypeError from somewhere deep. Its first
 * import, so that it runs before what fails; it imports nothing itself. (scripts/require-node.mjs is for what runs before there is a
 * build.)
 */
export const least = [24, 6] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < least[0] || (major === least[0] && minor < least[1])) {
  console.error(
    `Node ${least.join('.')} or newer is needed; this is ${process.versions.node} (${process.execPath}). ` +
      'The image of docker/Dockerfile has one, npm ci brings one (node_modules/.bin/node), or get one from https://nodejs.org/.',
  );
  process.exit(1);
}
