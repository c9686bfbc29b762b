/** Which Node runs the product: what @platformatic/kafka asks for, and what `node` in package.json brings. Plain JavaScript for Node 20. */
export const leastNode = [24, 6];

/** @param {string | undefined} version 24.6.0 */
export function isNewEnough(version) {
  if (version === undefined) return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
}
