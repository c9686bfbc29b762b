/** /api/v1/channels/:channel/conflicts */
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { ConflictEntryService } from './conflict-entry.service.js';
import {
  conflictCountsSchema,
  conflictDetailSchema,
  conflictFilterSchema,
  conflictListSchema,
  conflictPageSchema,
  redecideAnswerSchema,
  redecideWriteSchema,
} from './conflict.schemas.js';
import type {
  ConflictCounts,
  ConflictDetail,
  ConflictFilter,
  ConflictList,
  ConflictPageQuery,
  RedecideAnswer,
  RedecideWrite,
} from './conflict.schemas.js';
import { ConflictService } from './conflict.service.js';

const idSchema = z.coerce.number({ error: 'the id of a conflict is a whole number' }).int().min(1).max(Number.MAX_SAFE_INTEGER);

@UseGuards(ConnectedGuard)
@ApiTags('conflicts')
@Controller('/api/v1/channels/:channel/conflicts')
export class ConflictController {
  constructor(
    @Inject(ConflictService) private readonly conflicts: ConflictService,
    @Inject(ConflictEntryService) private readonly entries: ConflictEntryService,
  ) {}

  @Get()
  @Allow('channel.read', 'channel')
  @ApiAnswer('Decided conflicts, newest first: rows that both sides changed, and the result', conflictListSchema, 400, 404, 409)
  list(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Query({ schema: conflictPageSchema }) query: ConflictPageQuery,
  ): Promise<ConflictList> {
    return this.conflicts.list(channel, query);
  }

  @Get('counts')
  @Allow('channel.read', 'channel')
  @ApiAnswer('How many, by pipeline, table, policy, type and winner', conflictCountsSchema, 400, 404, 409)
  counts(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Query({ schema: conflictFilterSchema }) query: ConflictFilter,
  ): Promise<ConflictCounts> {
    return this.conflicts.counts(channel, query);
  }

  @Get(':pipeline/:id')
  @Allow('channel.read', 'channel')
  @ApiAnswer('One conflict: its versions side by side, and the row as it is now on both sides', conflictDetailSchema, 404, 409)
  find(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Param('id', { schema: idSchema }) id: number,
  ): Promise<ConflictDetail> {
    return this.entries.find(channel, pipeline, id);
  }

  @Post(':pipeline/:id/redecide')
  @Allow('channel.seed', 'channel')
  @HttpCode(200)
  @ApiAnswer('Give the row the version of one side, by an ordinary write at the target', redecideAnswerSchema, 400, 404, 409)
  redecide(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: redecideWriteSchema }) body: RedecideWrite,
  ): Promise<RedecideAnswer> {
    return this.entries.redecide(channel, pipeline, { ...body, id });
  }
}
