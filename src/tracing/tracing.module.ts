import { Global, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { CallTracer, NoTracer } from './call-trace.js';

/** OpenTelemetry costs memory and time to load, so whoever does not want it does not load it. */
async function tracerFor({ tracing }: Config): Promise<CallTracer> {
  if (tracing === null) return new NoTracer();
  const { OtelTracer } = await import('./otel-tracer.js');
  return new OtelTracer(tracing);
}

/** Traces of tool calls. Global, because the whole road is traced. */
@Global()
@Module({
  providers: [{ provide: CallTracer, inject: [CONFIG], useFactory: tracerFor }],
  exports: [CallTracer],
})
export class TracingModule {}
