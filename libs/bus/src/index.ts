/** Kafka: publisher, subscription, topics. The only importer of the Kafka client; bytes in, bytes out. */
export { BusAdmin } from './bus-admin.js';
export type { Compression } from './compression.js';
export { batchHeadBytes, requestTimeoutFor } from './options.js';
export type { BusOptions, FramedRecords, OutRecord, RawRecord } from './options.js';
export { Publisher } from './publisher.js';
export type { Published, PublisherOptions } from './publisher.js';
export { readRange, subscribe } from './subscription.js';
export type { RangeOptions, SubscribeOptions } from './subscription.js';
export type { TopicSettings } from './topic-settings.js';
