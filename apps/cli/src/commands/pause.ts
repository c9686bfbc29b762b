import { channelAction } from '../channel-action.js';

export const verb = channelAction({
  name: 'pause',
  summary: 'pause channels: loaders wait, captures go on',
  details: 'The topic keeps what is captured meanwhile, for as long as its retention says.',
  done: 'is to pause',
  example: 'nothing more is applied; the log goes on',
});
