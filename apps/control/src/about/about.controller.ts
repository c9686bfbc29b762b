/** What this is: its version, and the codes that errors can have. */
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { lutraVersion } from '@lutra/host';
import { errorTable } from '@lutra/model';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import type { Environment } from '../environment.js';
import { requestErrors } from '../http/error.filter.js';
import { ApiAnswer } from '../http/openapi.js';
import { ENVIRONMENT } from '../tokens.js';

const versionSchema = z.object({ version: z.string(), node: z.string(), region: z.string().nullable() });

const errorCodesSchema = z.record(
  z.string(),
  z.object({
    help: z.string(),
    /** Of a code that work can fail with: what has happened, and what is safe. */
    cause: z.string().optional(),
    kept: z.string().optional(),
    /** What a run loop does with it. */
    outcome: z.enum(['retry', 'stop', 'abort']).optional(),
    /** HTTP status of what is wrong with a request itself. */
    status: z.number().optional(),
  }),
);

@ApiTags('about')
@Controller('/api/v1')
export class AboutController {
  constructor(@Inject(ENVIRONMENT) private readonly environment: Environment) {}

  @Get('version')
  @Allow('overview.read')
  @ApiAnswer('The version', versionSchema)
  version(): z.infer<typeof versionSchema> {
    return { version: lutraVersion(), node: process.version, region: this.environment.region ?? null };
  }

  @Get('errors')
  @Allow('overview.read')
  @ApiAnswer('Every error code, and what to do about it', errorCodesSchema)
  errors(): z.infer<typeof errorCodesSchema> {
    return { ...errorTable, ...requestErrors };
  }
}
