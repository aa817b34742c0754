import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Post,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { tap, type Observable } from 'rxjs';
import {
  GatehouseModule,
  GuardrailViolation,
  MCP_CALL_GUARDS,
  McpExecutionContext,
  McpHook,
  type GatehouseOptions,
  type McpCallInterceptor,
  type PreCallChange,
  type ToolCallResult,
  type ToolCallView,
} from '../../../src/index.js';

/** A service of the application that its guardrails use. */
@Injectable()
export class Tenants {
  readonly tenant = 'acme';
  /** Calls of life-cycle methods, and what interceptors saw. */
  readonly log: string[] = [];
}

/** A guardrail of the application with a service of the application in it. */
@McpHook({ name: 'tenant' })
export class TenantHook implements OnModuleInit, OnModuleDestroy {
  constructor(private readonly tenants: Tenants) {}

  onModuleInit(): void {
    this.tenants.log.push('init');
  }

  onModuleDestroy(): void {
    this.tenants.log.push('destroy');
  }

  preMcpCall(call: ToolCallView): PreCallChange {
    if (call.arguments['text'] === 'forbidden') throw new GuardrailViolation('not for this tenant');
    return {
      arguments: { ...call.arguments, tenant: this.tenants.tenant },
      headers: { 'x-tenant': this.tenants.tenant },
    };
  }
}

class NoSecrets implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return McpExecutionContext.create(context).getArguments()['text'] !== 'guarded';
  }
}

class Offices implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (McpExecutionContext.create(context).getArguments()['text'] === 'closed') throw new ForbiddenException('closed');
    return true;
  }
}

/** An interceptor that is an instance of the application. */
export class Watcher implements McpCallInterceptor {
  constructor(private readonly log: string[]) {}

  intercept(_context: ExecutionContext, next: CallHandler<ToolCallResult>): Observable<ToolCallResult> {
    return next.handle().pipe(tap(() => this.log.push('watched')));
  }
}

/** Closes every route of the application that it sees. */
class ClosedToAll implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-app'] === 'yes';
  }
}

@Controller('orders')
class OrdersController {
  @Get()
  list(): string[] {
    return ['one'];
  }

  @Post()
  create(@Body() body: unknown): unknown {
    return { got: body };
  }
}

@Module({ providers: [Tenants], exports: [Tenants] })
class TenantsModule {}

@Module({
  imports: [TenantsModule],
  controllers: [OrdersController],
  providers: [
    TenantHook,
    { provide: MCP_CALL_GUARDS, useClass: NoSecrets },
    { provide: APP_GUARD, useClass: ClosedToAll },
  ],
})
class OrdersModule {}

/** An application of somebody else with the gateway in it. */
export interface HostApp {
  readonly url: string;
  readonly app: INestApplication;
  readonly log: string[];
}

/** Starts the application on a free port. */
export async function startHostApp(options: GatehouseOptions): Promise<HostApp> {
  @Module({
    imports: [
      OrdersModule,
      GatehouseModule.registerAsync({
        imports: [TenantsModule],
        inject: [Tenants],
        useFactory: (tenants: Tenants): GatehouseOptions => ({
          guards: [Offices],
          interceptors: [new Watcher(tenants.log)],
          ...options,
        }),
      }),
    ],
  })
  class HostModule {}

  const app = await NestFactory.create(HostModule, { logger: false, abortOnError: false });
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, app, log: app.get(Tenants, { strict: false }).log };
}
