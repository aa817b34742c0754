import { Controller, Get, mixin, Res, type Type } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public, RequireRole } from '../common/access.decorator.js';
import { CallMetrics } from './call-metrics.js';

/** The Prometheus scrape endpoint: open to everybody when METRICS_PUBLIC=true, else for keys with admin view. */
export function metricsController(isPublic: boolean): Type<unknown> {
  @ApiTags('Operations')
  @ApiBearerAuth('gatehouse-key')
  @Controller('metrics')
  class MetricsController {
    constructor(readonly metrics: CallMetrics) {}

    @Get()
    @(isPublic ? Public() : RequireRole('admin_view'))
    @ApiOperation({
      summary: 'Metrics in Prometheus text format',
      description: 'Needs a key with admin view, unless METRICS_PUBLIC=true.',
    })
    @ApiProduces('text/plain')
    @ApiResponse({ status: 200, description: 'Counters and histograms of calls, guardrails and the process.' })
    @ApiResponse({ status: 401, description: 'unauthenticated' })
    @ApiResponse({ status: 403, description: 'forbidden: the key has no admin view' })
    async scrape(@Res() response: Response): Promise<void> {
      const text = await this.metrics.text();
      response.type(this.metrics.contentType).send(text);
    }
  }
  return mixin(MetricsController);
}
