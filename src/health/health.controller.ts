import { Controller, Get, Header, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheck, type HealthCheckResult } from '@nestjs/terminus';
import { Public } from '../common/access.decorator.js';
import { ProbeFilter } from './probe.filter.js';
import { ReadinessService } from './readiness.service.js';

/** Probes for orchestrators. */
@ApiTags('Operations')
@UseFilters(ProbeFilter)
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: ReadinessService) {}

  @Get('live')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Is the process alive?', description: 'Answers without looking at any dependency.' })
  @ApiResponse({ status: 200, schema: { example: { status: 'ok' } } })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @Public()
  @HealthCheck()
  @ApiOperation({
    summary: 'May calls be sent here?',
    description: 'Checks the database, the job queue and that keys, grants and servers in memory are current.',
  })
  ready(): Promise<HealthCheckResult> {
    return this.readiness.check();
  }
}
