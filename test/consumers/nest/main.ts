/** A NestJS service that reads one of Lutra's topics. LUTRA_TOPIC, KAFKA, LUTRA_CONTROL and LUTRA_API_TOKEN say where. */
import 'reflect-metadata';
import './zstd.js';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type KafkaOptions, Transport } from '@nestjs/microservices';
import { RowDecoder } from '../row-decoder.js';
import { RowDeserializer } from './row-deserializer.js';
import { RowsController } from './rows.controller.js';
import { brokers, groupId, registry } from './settings.js';

@Module({ controllers: [RowsController] })
class RowsModule {}

const service = await NestFactory.createMicroservice<KafkaOptions>(RowsModule, {
  transport: Transport.KAFKA,
  logger: ['warn', 'error'],
  options: {
    client: { brokers },
    consumer: { groupId },
    subscribe: { fromBeginning: true },
    deserializer: new RowDeserializer(new RowDecoder(registry)),
  },
});
service.enableShutdownHooks();
await service.listen();
