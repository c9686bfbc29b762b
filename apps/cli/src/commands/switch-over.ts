import { operationVerb } from '../operation-begin.js';

export const verb = operationVerb({
  kind: 'switch-over',
  summary: 'move the clients of one side to the other, without a loss',
  details: 'It asks before it begins, and before the other side is opened; until then it can be taken back.',
  options: [{ flags: '--move-home', what: 'the region of the other side is at home afterwards; both sides are read only meanwhile' }],
  examples: [['lutra switch-over orders --from orders-hz --to orders-ca --move-home', 'follows it, and asks']],
});
