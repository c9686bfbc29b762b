/**
 * Hands decoded values to Nest's handlers. A value that cannot be decoded now (the registry is away) is not skipped: kafkajs brings it
 * again.
 */
import type { ConsumerDeserializer, IncomingEvent } from '@nestjs/microservices';
import type { KafkaMessage } from 'kafkajs';
import type { RowDecoder } from '../row-decoder.js';

export class RowDeserializer implements ConsumerDeserializer {
  constructor(private readonly decoder: RowDecoder) {}

  async deserialize(message: KafkaMessage, { channel }: { channel: string }): Promise<IncomingEvent> {
    return { pattern: channel, data: message.value && (await this.decoder.decode(message.value)) };
  }
}
