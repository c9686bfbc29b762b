import { channelAction } from '../channel-action.js';

export const verb = channelAction({
  name: 'start',
  summary: 'check all servers, then start channels',
  details: 'Errors of the servers refuse the start: lutra check shows them too.',
  done: 'is to run: lutra status shows when it does',
  example: 'checks and starts the channel orders',
});
