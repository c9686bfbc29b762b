import { operationVerb } from '../operation-begin.js';

export const verb = operationVerb({
  kind: 'drain',
  summary: 'let clients stop writing at one side, and wait until the other has all of it',
  details: 'The side becomes read only. It stays so afterwards; lutra operation abort, before the end, opens it again.',
  examples: [
    ['lutra drain orders --from orders-hz --dry-run', 'what is in the way'],
    ['lutra drain orders --from orders-hz --count', 'follows it to its end'],
  ],
});
