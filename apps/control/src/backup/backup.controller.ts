/** /api/v1/backup and /api/v1/restore */
import { Body, Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { backupSchema } from '@lutra/registry';
import type { BackupDocument } from '@lutra/registry';
import { Allow } from '../access/allow.js';
import { ConnectedGuard, WhileRegressed } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { restoredSchema } from './backup.schemas.js';
import type { RestoredBody } from './backup.schemas.js';
import { BackupService } from './backup.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('backup')
@Controller('/api/v1')
export class BackupController {
  constructor(@Inject(BackupService) private readonly backups: BackupService) {}

  @Get('backup')
  @Allow('backup.use')
  @ApiAnswer('Everything that ZooKeeper keeps for Lutra, passwords sealed', backupSchema)
  read(): Promise<BackupDocument> {
    return this.backups.read();
  }

  @Post('restore')
  @Allow('backup.use')
  @WhileRegressed()
  @HttpCode(200)
  @ApiAnswer('Restore a backup into an empty tree; repeat the request if it was interrupted', restoredSchema, 400, 409)
  write(@Body({ schema: backupSchema }) body: BackupDocument): Promise<RestoredBody> {
    return this.backups.write(body);
  }
}
