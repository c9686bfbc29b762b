/** /api/v1/audit */
import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { auditDetailSchema, auditPageSchema, auditSearchSchema } from './audit.schemas.js';
import type { AuditDetail, AuditPage, AuditSearch } from './audit.schemas.js';
import { AuditSearchService } from './audit-search.service.js';

const idSchema = z.string().min(1).max(300);

@UseGuards(ConnectedGuard)
@ApiTags('audit')
@Controller('/api/v1/audit')
export class AuditController {
  constructor(@Inject(AuditSearchService) private readonly audit: AuditSearchService) {}

  @Get()
  @Allow('audit.read')
  @ApiAnswer('Who did what, newest first: logins, requests that are no GET, and changes of documents', auditPageSchema, 400)
  search(@Query({ schema: auditSearchSchema }) query: AuditSearch): Promise<AuditPage> {
    return this.audit.search(query);
  }

  @Get(':id')
  @Allow('audit.read')
  @ApiAnswer('One entry; of a change the document before and after, and what differs', auditDetailSchema, 404)
  find(@Param('id', { schema: idSchema }) id: string): Promise<AuditDetail> {
    return this.audit.find(id);
  }
}
