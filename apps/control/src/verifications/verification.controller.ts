/** /api/v1/channels/:channel/verify */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { orderActions } from '../orders/orders.schemas.js';
import type { OrderAction } from '../orders/orders.schemas.js';
import { DifferenceService } from './difference.service.js';
import { repairAnswerSchema, repairWriteSchema } from './repair.schemas.js';
import type { RepairAnswer, RepairWrite } from './repair.schemas.js';
import { RepairService } from './repair.service.js';
import {
  differenceListSchema,
  differenceQuerySchema,
  removedSchema,
  verificationIdSchema,
  verificationSchema,
  verifyWriteSchema,
} from './verification.schemas.js';
import type { DifferenceList, DifferenceQuery, Removed, Verification, VerifyWrite } from './verification.schemas.js';
import { VerificationService } from './verification.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('verifications')
@Controller('/api/v1/channels/:channel/verify')
export class VerificationController {
  constructor(
    @Inject(VerificationService) private readonly verifications: VerificationService,
    @Inject(DifferenceService) private readonly differences: DifferenceService,
    @Inject(RepairService) private readonly repairs: RepairService,
  ) {}

  @Post()
  @Allow('channel.seed', 'channel')
  @HttpCode(200)
  @ApiAnswer('Compare the two sides of each pipeline, while both take writes', verificationSchema, 400, 404, 409)
  order(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Body({ schema: verifyWriteSchema }) body: VerifyWrite,
  ): Promise<Verification> {
    return this.verifications.order(channel, body);
  }

  @Get()
  @Allow('channel.read', 'channel')
  @ApiAnswer('The order, and what was found: per table whether it is equal, and as of when', verificationSchema, 404)
  find(@Param('channel', { schema: nameSchema }) channel: string): Promise<Verification> {
    return this.verifications.find(channel);
  }

  @Get('differences')
  @Allow('channel.read', 'channel')
  @ApiAnswer(
    'Rows that differ, as they were compared at the targets; of a seed: those that could not be written',
    differenceListSchema,
    400,
    404,
    409,
  )
  list(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Query({ schema: differenceQuerySchema }) query: DifferenceQuery,
  ): Promise<DifferenceList> {
    return this.differences.list(channel, query);
  }

  @Post(':action')
  @Allow('channel.seed', 'channel')
  @HttpCode(200)
  @ApiAnswer('pause, resume or cancel the verification, or the repair of what it found', verificationSchema, 400, 404, 409)
  act(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('action', { schema: z.enum(orderActions) }) action: OrderAction,
  ): Promise<Verification> {
    return this.verifications.act(channel, action);
  }

  @Post(':id/repair')
  @Allow('channel.seed', 'channel')
  @HttpCode(200)
  @ApiAnswer(
    'Make rows equal that a verification found to differ; dryRun: which rows, with both versions',
    repairAnswerSchema,
    400,
    404,
    409,
  )
  repair(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('id', { schema: verificationIdSchema }) id: string,
    @Body({ schema: repairWriteSchema }) body: RepairWrite,
  ): Promise<RepairAnswer> {
    return this.repairs.order(channel, id, body);
  }

  @Delete()
  @Allow('channel.seed', 'channel')
  @ApiAnswer('Remove a verification that has ended, and the rows that it found', removedSchema, 404, 409)
  remove(@Param('channel', { schema: nameSchema }) channel: string): Promise<Removed> {
    return this.verifications.remove(channel);
  }
}
