import { channelAction } from '../channel-action.js';

export const verb = channelAction({
  name: 'stop',
  summary: 'stop channels: loaders end, and captures that no other channel needs',
  details: 'Each continues where it stopped as long as the binlog and the topic have what comes next.',
  done: 'is to stop',
  example: 'stops the channel orders',
});
