import { channelAction } from '../channel-action.js';

export const verb = channelAction({
  name: 'retry',
  summary: 'let everything that failed in channels try again now',
  details: 'Fix the cause first: lutra status names it, lutra errors explains it.',
  done: 'tries again',
  example: 'after the missing table was created',
});
