/** The probes and metrics of every app; in control they are no part of the API's description. */
import { Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthController as HostHealthController } from '@lutra/host';

@ApiExcludeController()
@Controller()
export class HealthController extends HostHealthController {}
