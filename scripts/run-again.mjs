/**
 * Which test files may run a second time, alone. On a loaded machine one test of eight thousand may miss what it waits for; that must
 * not hide that it did, nor a fault of the product. So never many at once, and never a file that judges data: a row that was wrong once
 * is wrong.
 */
const most = 3;

/** Their tests compare databases or logs while something is killed, or look for what a protocol loses. */
const judgesData = /^test\/(?:convergence|differ|model|seeding|survival)\/|kill|conflict|loops|hub/;

/**
 * @param {readonly {readonly file: string}[]} failures of one step
 * @param {number} failed how many tests failed, with those that no file is known of
 */
export function toRunAgain(failures, failed) {
  if (failures.length === 0 || failed > most || failures.length < failed) return [];
  const files = [...new Set(failures.map(({ file }) => file))];
  return files.some((file) => judgesData.test(file)) ? [] : files;
}
