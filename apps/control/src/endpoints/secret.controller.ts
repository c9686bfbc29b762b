/** /api/v1/secrets: what passwords are sealed with, never the passwords. */
import { Controller, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { resealedSchema } from '../http/schemas.js';
import type { Resealed } from '../http/schemas.js';
import { EndpointService } from './endpoint.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('secrets')
@Controller('/api/v1/secrets')
export class SecretController {
  constructor(@Inject(EndpointService) private readonly endpoints: EndpointService) {}

  @Post('rotate')
  @HttpCode(200)
  @ApiAnswer('Seal all passwords with the first key; captures and loaders that use them restart', resealedSchema)
  rotate(): Promise<Resealed> {
    return this.endpoints.reseal();
  }
}
