/** /api/v1/<kind>/<name>/history */
import { Controller, Get, Inject, Param, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import type { HistoricKind } from '@lutra/registry';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { historyChangeSchema, historyEntrySchema, historyKindSchema, historyRevisionSchema } from './history.schemas.js';
import type { HistoryChangeBody, HistoryEntryBody } from './history.schemas.js';
import { HistoryService } from './history.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('history')
@Controller('/api/v1/:kind/:name/history')
export class HistoryController {
  constructor(@Inject(HistoryService) private readonly history: HistoryService) {}

  @Get()
  @Allow('history.read', 'history')
  @ApiAnswer('Who changed a document, when and why: its newest 20 changes, newest first', historyEntrySchema.array(), 404)
  list(
    @Param('kind', { schema: historyKindSchema }) kind: HistoricKind,
    @Param('name', { schema: nameSchema }) name: string,
  ): Promise<readonly HistoryEntryBody[]> {
    return this.history.list(kind, name);
  }

  @Get(':revision')
  @Allow('history.read', 'history')
  @ApiAnswer('One change: the document before and after, without secrets', historyChangeSchema, 404)
  find(
    @Param('kind', { schema: historyKindSchema }) kind: HistoricKind,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('revision', { schema: historyRevisionSchema }) revision: number,
  ): Promise<HistoryChangeBody> {
    return this.history.find(kind, name, revision);
  }
}
