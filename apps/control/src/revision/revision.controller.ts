/** /api/v1/revision */
import { Body, Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allow } from '../access/allow.js';
import { ConnectedGuard, WhileRegressed } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { adoptAnswerSchema, adoptWriteSchema, revisionStatusSchema } from './revision.schemas.js';
import type { AdoptAnswer, AdoptWrite, RevisionStatus } from './revision.schemas.js';
import { RevisionService } from './revision.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('revision')
@Controller('/api/v1/revision')
export class RevisionController {
  constructor(@Inject(RevisionService) private readonly revisions: RevisionService) {}

  @Get()
  @Allow('overview.read')
  @ApiAnswer('The state of the configuration, and who says that ZooKeeper does not continue what it knows', revisionStatusSchema)
  read(): Promise<RevisionStatus> {
    return this.revisions.status();
  }

  @Post('adopt')
  @Allow('revision.adopt')
  @HttpCode(200)
  @WhileRegressed()
  @ApiAnswer('Say that the tree in ZooKeeper is the right one; without accept: the consequences', adoptAnswerSchema, 400, 409)
  adopt(@Body({ schema: adoptWriteSchema }) body: AdoptWrite): Promise<AdoptAnswer> {
    return this.revisions.adopt(body);
  }
}
