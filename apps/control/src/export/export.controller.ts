/** /api/v1/export and /api/v1/import */
import { Body, Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { exportSchema } from '@lutra/registry';
import type { ExportDocument } from '@lutra/registry';
import { Allow } from '../access/allow.js';
import { ConnectedGuard, WhileRegressed } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { importedSchema } from './export.schemas.js';
import type { ImportedBody } from './export.schemas.js';
import { ExportService } from './export.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('export')
@Controller('/api/v1')
export class ExportController {
  constructor(@Inject(ExportService) private readonly exports: ExportService) {}

  @Get('export')
  @Allow('backup.use')
  @ApiAnswer('Everything that ZooKeeper keeps for Lutra, passwords sealed', exportSchema)
  read(): Promise<ExportDocument> {
    return this.exports.read();
  }

  @Post('import')
  @Allow('backup.use')
  @WhileRegressed()
  @HttpCode(200)
  @ApiAnswer('Restore an export into an empty tree; repeat the request if it was interrupted', importedSchema, 400, 409)
  write(@Body({ schema: exportSchema }) body: ExportDocument): Promise<ImportedBody> {
    return this.exports.write(body);
  }
}
