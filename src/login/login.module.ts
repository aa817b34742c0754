import { BullModule } from '@nestjs/bullmq';
import { Module, RequestMethod, type DynamicModule, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { urlencoded } from 'express';
import { AuthModule } from '../auth/auth.module.js';
import type { Config } from '../config/config.js';
import { SigningModule } from '../signing/signing.module.js';
import { Accounts } from './accounts.js';
import { AuthorizationServer } from './authorization-server.js';
import { AuthorizationServerController } from './authorization-server.controller.js';
import { ConsentPages } from './consent-pages.js';
import { EndpointLimits } from './endpoint-limits.js';
import { GatewayHostGuard } from './gateway-host.guard.js';
import { IdentityProvider } from './identity-provider.js';
import { Interactions } from './interactions.js';
import { LOGIN_CLEANUP_QUEUE, LoginCleanup, LoginCleanupScheduler } from './login-cleanup.js';
import { LoginCookie } from './login-cookie.js';
import { LoginController } from './login.controller.js';
import { LoginFlow } from './login-flow.js';
import { LoginRecordEntity } from './login-record.entity.js';
import { LoginRecords } from './login-records.js';
import { PendingLogins } from './pending-logins.js';
import { ProviderFactory } from './provider-factory.js';

const FORM_LIMIT = '8kb';

/** MCP clients log in to the gateway itself. Nothing of it is there unless gateway.yaml asks for it. */
@Module({})
export class LoginModule implements NestModule {
  static forRoot({ authorizationServer }: Pick<Config, 'authorizationServer'>): DynamicModule {
    if (authorizationServer === null) return { module: LoginModule };
    return {
      module: LoginModule,
      imports: [
        AuthModule,
        SigningModule,
        TypeOrmModule.forFeature([LoginRecordEntity]),
        BullModule.registerQueue({ name: LOGIN_CLEANUP_QUEUE }),
      ],
      controllers: [LoginController, AuthorizationServerController],
      providers: [
        ...[Accounts, AuthorizationServer, ConsentPages, EndpointLimits, GatewayHostGuard, IdentityProvider],
        ...[Interactions, LoginCleanup, LoginCleanupScheduler, LoginCookie, LoginFlow, LoginRecords, PendingLogins],
        ProviderFactory,
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    const forms = urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 10 });
    consumer.apply(forms).forRoutes({ path: 'oauth/login/:uid', method: RequestMethod.POST });
  }
}
